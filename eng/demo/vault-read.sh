#!/usr/bin/env bash
# Reads a vault with curl and openssl alone, to prove what is in it by tools that are not ours.
#
#   vault-read.sh list ENV CONTAINER PREFIX           names of blobs, one a line
#   vault-read.sh get ENV CONTAINER BLOB              a blob on standard output
#   vault-read.sh snapshot ENV CONTAINER BLOB SNAPSHOT FILE
#
# ENV is the file that run/azurite.sh writes: AZURITE_URL, AZURITE_ACCOUNT, AZURITE_KEY.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -ge 4 ] || usage
verb=$1 container=$3 name=$4
# shellcheck disable=SC1090
. "$2"
need curl "apt-get install curl"

# A service SAS (Azure's "create a service SAS", version 2020-12-06), good for an hour.
# sas PERMISSIONS RESOURCE KIND [SNAPSHOT]: KIND c for a container, bs for a blob's snapshot
sas() {
    local expiry key text signature
    expiry=$(date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ)
    key=$(printf '%s' "$AZURITE_KEY" | base64 -d | od -An -v -tx1 | tr -d ' \n')
    text=$(printf '%s\n\n%s\n/blob/%s/%s\n\n\n\n2020-12-06\n%s\n%s\n\n\n\n\n\n.' "$1" "$expiry" "$AZURITE_ACCOUNT" "$2" "$3" "${4:-}")
    signature=$(printf '%s' "${text%.}" | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 -w 0)
    printf 'sp=%s&se=%s&sv=2020-12-06&sr=%s&sig=%s' "$1" "$(escape "$expiry")" "$3" "$(escape "$signature")"
}

escape() { printf '%s' "$1" | sed -e 's/%/%25/g' -e 's/+/%2B/g' -e 's,/,%2F,g' -e 's/=/%3D/g' -e 's/:/%3A/g'; }

base=${AZURITE_URL%/}/$container
case $verb in
    list)
        curl -fsS "$base?restype=container&comp=list&prefix=$(escape "$name")&$(sas rl "$container" c)" |
            tr '>' '\n' | sed -n 's,^\(..*\)</Name$,\1,p'
        ;;
    get) curl -fsS "$base/$name?$(sas rl "$container" c)" ;;
    snapshot)
        [ $# = 6 ] || usage
        curl -fsS -o "$6" "$base/$name?snapshot=$(escape "$5")&$(sas r "$container/$name" bs "$5")"
        ;;
    *) usage ;;
esac
