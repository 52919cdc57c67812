#!/usr/bin/env bash
# Builds everything and runs all tests; the last line is "N passed, N failed, N skipped" over all test projects.
# Ends with an error when anything failed, or when no test ran.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/lib.sh"

output=$(mktemp)
trap 'rm -f "$output"' EXIT

# count NAME: the figure of that name in the summary, 0 where there is none.
count() {
    local figure
    figure=$(sed -n "s/^ *$1: *\([0-9][0-9]*\) *$/\1/p" "$output" | tail -n 1)
    printf '%s\n' "${figure:-0}"
}

finish() {
    local status=$1 passed failed skipped
    passed=$(count succeeded) failed=$(count failed) skipped=$(count skipped)
    if [ "$status" = 0 ] && [ $((passed + failed)) = 0 ]; then
        printf 'error: no test ran\n' >&2
        status=1
    fi
    [ "$failed" = 0 ] || [ "$status" != 0 ] || status=1
    # Once more, where whoever sees only the end of a long log looks.
    grep -A 4 '^failed ' "$output" | cut -c 1-300 | tail -n 120 || true
    printf '%s passed, %s failed, %s skipped\n' "$passed" "$failed" "$skipped"
    exit "$status"
}

"$ENG_DIR/setup/all.sh" || finish 1
cd "$REPO_DIR"
log "build"
dotnet build RecoveryOperator.sln -nologo -v quiet || finish 1
log "test"
status=0
dotnet test --solution RecoveryOperator.sln --no-build --no-progress "$@" | tee "$output" || status=$?
# Colour codes are for the terminal only.
sed -i 's/\x1b\[[0-9;]*m//g' "$output"
finish "$status"
