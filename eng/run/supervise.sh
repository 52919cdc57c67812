#!/usr/bin/env bash
# Runs a command as a service manager would: with the restart rules of a systemd unit (Restart, RestartSec, KillMode).
#
#   supervise.sh UNIT MAINFILE COMMAND...
#
# MAINFILE holds the process id of the command that runs now. TERM ends the command in order and does not restart it. With
# KillMode=process nothing else is killed; with control-group (systemd's default) everything that the command started dies with it.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -ge 3 ] || usage
unit=$1 mainfile=$2
shift 2

# rule NAME DEFAULT: a setting of the unit's section [Service]; the last one counts.
rule() {
    local value
    value=$(sed -n '/^\[Service\]/,/^\[Install\]/p' "$unit" | sed -n "s/^$1=//p" | tail -n 1)
    printf '%s\n' "${value:-$2}"
}

restart=$(rule Restart no) restart_seconds=$(rule RestartSec 0.1) kill_mode=$(rule KillMode control-group)
restart_seconds=${restart_seconds%s}
case $restart in always | on-failure | no) ;; *) die "$unit: Restart=$restart is not known to this supervisor" ;; esac
case $kill_mode in process | control-group) ;; *) die "$unit: KillMode=$kill_mode is not known to this supervisor" ;; esac

# All that the command starts carries this mark, wherever it is reparented to: what a control group is to systemd.
SUPERVISED_BY="$$-$(started_at $$)"
export SUPERVISED_BY

kill_group() {
    local environment
    [ "$kill_mode" = control-group ] || return 0
    for environment in /proc/[0-9]*/environ; do
        if [ "$environment" != "/proc/$$/environ" ] && tr '\0' '\n' <"$environment" 2>/dev/null | grep -qx "SUPERVISED_BY=$SUPERVISED_BY"; then
            kill -s KILL "$(basename "$(dirname "$environment")")" 2>/dev/null || true
        fi
    done
}

stopping=
stop() {
    stopping=1
    kill -s TERM "$main" 2>/dev/null || true
}

main=
trap stop TERM INT
while :; do
    "$@" &
    main=$!
    printf '%s %s\n' "$main" "$(started_at "$main" || echo gone)" >"$mainfile"
    status=0
    while kill -0 "$main" 2>/dev/null; do
        status=0
        wait "$main" || status=$?
    done
    kill_group
    [ -z "$stopping" ] || exit "$status"
    case $restart:$status in no:* | on-failure:0) exit "$status" ;; esac
    log "the service ended with $status: restarted in $restart_seconds s ($restart)"
    sleep "$restart_seconds"
done
