#!/usr/bin/env bash
# Runs Azurite's blob service on a folder of its own.
#
#   azurite.sh start DIR [PORT] [BIND]   PORT: chosen when free if absent; BIND: 127.0.0.1 if absent
#   azurite.sh stop DIR                  waits until it is gone; the data stay
#   azurite.sh restart DIR               same port, same data
#
# DIR/env then holds AZURITE_URL, AZURITE_ACCOUNT, AZURITE_KEY, AZURITE_PORT; DIR/connection-string the whole string.
# The account and key are the emulator's public development ones.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || usage
verb=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
pidfile=$dir/azurite.pid
account=devstoreaccount1
key=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==

answers() { curl -s -o "$dir/probe" "http://$1:$2/$account?comp=list"; }
answers_or_dead() { answers "$1" "$2" || not_running "$pidfile"; }

start() {
    local port=$1 bind=$2 host=$2
    [ "$bind" != 0.0.0.0 ] || host=127.0.0.1
    if running "$pidfile"; then
        [ "port=$port bind=$bind" = "$(cat "$dir/settings")" ] ||
            die "Azurite of $dir already runs with other settings ($(cat "$dir/settings")): stop it first"
    else
        local executable=$CACHE/bin/azurite-blob
        [ -x "$executable" ] || executable=$("$ENG_DIR/setup/azurite.sh")
        mkdir -p "$dir/data"
        printf 'port=%s bind=%s\n' "$port" "$bind" >"$dir/settings"
        spawn "$pidfile" "$dir/azurite.log" "$executable" --silent --disableTelemetry --skipApiVersionCheck \
            --location "$dir/data" --blobHost "$bind" --blobPort "$port"
        wait_for 30 "Azurite answers on $host:$port" answers_or_dead "$host" "$port"
        running "$pidfile" || {
            tail -n 5 "$dir/azurite.log" >&2
            die "Azurite ended at once on $bind:$port: see $dir/azurite.log, or choose another port"
        }
    fi
    cat >"$dir/env" <<END
AZURITE_URL=http://$host:$port/$account
AZURITE_ACCOUNT=$account
AZURITE_KEY=$key
AZURITE_PORT=$port
AZURITE_PID=$(cut -d ' ' -f 1 "$pidfile")
END
    printf 'DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=http://%s:%s/%s;\n' \
        "$account" "$key" "$host" "$port" "$account" >"$dir/connection-string"
    log "azurite: http://$host:$port/$account"
}

# start_as_before: with the settings of the last start, where there was one.
start_as_before() {
    local settings port bind
    [ -s "$dir/settings" ] || die "$dir has never been started: run azurite.sh start $dir"
    settings=$(cat "$dir/settings")
    port=${settings#port=} && port=${port%% *}
    bind=${settings##*bind=}
    start "$port" "$bind"
}

case $verb in
    start)
        if [ -z "${3:-}" ] && [ -s "$dir/settings" ]; then start_as_before; else start "${3:-$(free_port "${4:-127.0.0.1}")}" "${4:-127.0.0.1}"; fi
        ;;
    stop) stop_recorded "$pidfile" ;;
    restart)
        stop_recorded "$pidfile"
        start_as_before
        ;;
    *) usage ;;
esac
