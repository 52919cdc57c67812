#!/usr/bin/env bash
# Runs the randomised tests for a long time, from new seeds: the model of machine, agent, vault and vault agents, and the fuzzing of every parser. The seed and,
# for the model, the shortest run that fails are printed with a failure; PROOF_SEED=SEED make test repeats it.
#
#   MINUTES     how long (60)
#   PROOF_SEED  seed of the first run; chosen when absent
#   CHAOS=1     afterwards the whole product under random kills, as in the tests
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/lib.sh"

export SOAK_MINUTES=${MINUTES:-60}
cd "$REPO_DIR"
log "build"
dotnet build tests/RecoveryOperator.Proof.Tests -nologo -v quiet
log "soak for $SOAK_MINUTES minutes"
dotnet run --no-build --project tests/RecoveryOperator.Proof.Tests -- --filter-class '*ModelTests' '*FuzzTests' --show-live-output on
if [ "${CHAOS:-0}" = 1 ]; then
    log "chaos"
    dotnet build tests/RecoveryOperator.EndToEnd.Tests -nologo -v quiet
    dotnet run --no-build --project tests/RecoveryOperator.EndToEnd.Tests -- --filter-class '*ChaosTests' '*AutonomyTests' --show-live-output on
fi
