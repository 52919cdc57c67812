# Common functions of the scripts under eng/. Sourced, never run.
# shellcheck shell=bash

ENG_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO_DIR=$(dirname "$ENG_DIR")
CACHE=${RECOVERY_OPERATOR_CACHE:-$HOME/.cache/recovery-operator}
export ENG_DIR REPO_DIR CACHE

# log TEXT...: one progress line on standard error (standard output carries results).
log() { printf '==> %s\n' "$*" >&2; }

# die TEXT...: ends the script with a sentence that says what is missing and what to do.
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# need COMMAND REMEDY...: the command must be on the PATH.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null 2>&1 || die "$command is not on this machine: $*"
}

need_root() {
    [ "$(id -u)" = 0 ] || die "$1 needs root: run it as root (sudo)"
}

# take_lock NAME: one script of that name at a time on this cache; the rest of the script holds the lock.
# Daemons must be started with spawn, which does not pass the lock on.
take_lock() {
    mkdir -p "$CACHE/locks"
    exec 9>"$CACHE/locks/$1"
    if ! flock -n 9; then
        log "$1: another run is at it, waiting for it"
        flock 9
    fi
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; fails after that many seconds.
wait_for() {
    local seconds=$1 what=$2
    shift 2
    local end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            printf 'error: %s: not so within %s s\n' "$what" "$seconds" >&2
            return 1
        fi
        sleep 0.1
    done
}

# free_port [ADDRESS]: a TCP port nobody listens on, below the range that the kernel hands out. It is reserved for an hour, in which nobody else gets it: who asked may
# listen on it much later.
free_port() {
    local address=${1:-127.0.0.1} port
    [ "$address" != 0.0.0.0 ] || address=127.0.0.1
    mkdir -p "$CACHE/ports"
    find "$CACHE/ports" -mindepth 1 -maxdepth 1 -type d -mmin +60 -exec rmdir {} + 2>/dev/null || true
    for _ in $(seq 100); do
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000))
        if ! (exec 3<>"/dev/tcp/$address/$port") 2>/dev/null && mkdir "$CACHE/ports/$port" 2>/dev/null; then
            printf '%s\n' "$port"
            return 0
        fi
    done
    die "no free TCP port found between 20000 and 31999 on $address"
}

# started_at PID: the kernel's start time of a process, so that a reused pid is never taken for ours.
started_at() {
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    stat=${stat##*) }
    # shellcheck disable=SC2086
    set -- $stat
    [ "$1" != Z ] || return 1
    printf '%s\n' "${20}"
}

# spawn PIDFILE LOGFILE COMMAND...: a daemon in its own session, its pid and start time in the file.
spawn() {
    local pidfile=$1 logfile=$2
    shift 2
    setsid "$@" </dev/null >>"$logfile" 2>&1 9>&- &
    local pid=$!
    disown "$pid"
    printf '%s %s\n' "$pid" "$(started_at "$pid" || echo gone)" >"$pidfile"
}

# running PIDFILE: whether the recorded process still lives.
running() {
    local pid start
    [ -s "$1" ] || return 1
    read -r pid start <"$1" || return 1
    [ "$(started_at "$pid")" = "$start" ]
}

not_running() { ! running "$1"; }

# stop_recorded PIDFILE [SIGNAL] [SECONDS]: ends exactly the recorded process and waits until it is gone.
stop_recorded() {
    local pidfile=$1 signal=${2:-TERM} seconds=${3:-15} pid
    if running "$pidfile"; then
        read -r pid _ <"$pidfile"
        kill -s "$signal" "$pid" 2>/dev/null || true
        if ! wait_for "$seconds" "end of process $pid" not_running "$pidfile" 2>/dev/null; then
            log "process $pid did not end within $seconds s: killing it"
            kill -s KILL "$pid" 2>/dev/null || true
            wait_for 10 "end of process $pid" not_running "$pidfile"
        fi
    fi
    rm -f "$pidfile"
}

# usage: prints the calling script's own header comment and ends with 2.
usage() {
    sed -n '2,/^[^#]/{/^[^#]/d;s/^# \{0,1\}//;p;}' "$0" >&2
    exit 2
}

# debian_mirror: the main Debian mirror, as the machine's own apt sources name it.
debian_mirror() {
    local mirror
    # shellcheck disable=SC2016
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null |
        grep -E '/debian/?$' | head -n 1 || true)
    if [ -z "$mirror" ]; then
        mirror=$(grep -rhoE 'https?://[^ ]*/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
            head -n 1 | tr -d ' ' || true)
    fi
    [ -n "$mirror" ] || die "no Debian mirror found in this machine's apt sources: add one to /etc/apt/sources.list.d"
    printf '%s\n' "$mirror"
}
