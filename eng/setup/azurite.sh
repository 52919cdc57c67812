#!/usr/bin/env bash
# Installs Azurite (the Azure Blob storage emulator) into the cache; prints the path of azurite-blob.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

version=3.37.0
folder=$CACHE/azurite/$version
executable=$folder/node_modules/.bin/azurite-blob

need node "install Node.js 20"
need npm "install npm (it comes with Node.js)"
if [ ! -e "$folder/.complete" ]; then
    take_lock azurite
    if [ ! -e "$folder/.complete" ]; then
        log "azurite: installing $version with npm (under a minute, once)"
        rm -rf "$folder"
        mkdir -p "$folder"
        npm install --prefix "$folder" --no-audit --no-fund --no-save --omit=dev "azurite@$version" >"$CACHE/locks/azurite.log" 2>&1 || {
            tail -n 10 "$CACHE/locks/azurite.log" >&2
            die "npm could not install azurite@$version: see $CACHE/locks/azurite.log, check npm's registry setting and run this again"
        }
        [ -x "$executable" ] || die "azurite@$version brought no azurite-blob: delete $folder and run this again"
        touch "$folder/.complete"
        log "azurite: installed after $SECONDS s"
    fi
fi
mkdir -p "$CACHE/bin"
ln -sfn "$executable" "$CACHE/bin/azurite-blob"
printf '%s\n' "$executable"
