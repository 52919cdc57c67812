#!/usr/bin/env bash
# Measures the product beside other tools on this machine and writes docs/benchmarks.md with its raw results (make bench).
#
#   SIZES=2048,16384   sizes of the image in MiB; about five times the largest is needed on the disk
#   ROWS=initial,...   rows of the table: initial memory delta idle resync recovery idle-many vault-agents vault-apply
#   ROUNDS=3           turns of each contender
#   WORK=/tmp          where images and copies are made
#   QUICK=1            256 MiB, one round, results in WORK: for development
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

work=${WORK:-${TMPDIR:-/tmp}}
sizes=${SIZES:-2048,16384} rounds=${ROUNDS:-3} out=$REPO_DIR/docs/benchmarks
if [ -n "${QUICK:-}" ]; then
    sizes=${SIZES:-256} rounds=${ROUNDS:-1} out=$work/recovery-benchmark-quick/benchmarks
fi
arguments=(--sizes "$sizes" --rounds "$rounds" --work "$work" --out "$out")
[ -z "${ROWS:-}" ] || arguments+=(--rows "$ROWS")

need_root "the benchmark (its libvirt hosts)"
"$ENG_DIR/setup/all.sh" azurite guest
"$ENG_DIR/setup/bench-tools.sh" >"$CACHE/locks/bench-tools.out"
program=$REPO_DIR/tests/RecoveryOperator.Benchmarks/bin/bench
log "publish (Release, compiled ahead)"
dotnet publish "$REPO_DIR/tests/RecoveryOperator.Benchmarks" -c Release -r linux-x64 --self-contained false -o "$program" -nologo -v quiet >&2
log "measure: sizes $sizes MiB, $rounds rounds"
mkdir -p "$out"
exec "$program/RecoveryOperator.Benchmarks" run "${arguments[@]}"
