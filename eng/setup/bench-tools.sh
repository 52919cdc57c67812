#!/usr/bin/env bash
# Installs what the benchmark compares with: azcopy (npm) into the cache, restic, borg, rsync and qemu-img from Debian, and
# what it measures and draws with. Prints the path of azcopy. Not needed for make test.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

version=10.32.2
folder=$CACHE/azcopy/$version

"$ENG_DIR/setup/packages.sh" base bench
need npm "install npm (it comes with Node.js)"
if [ ! -e "$folder/.complete" ]; then
    take_lock azcopy
    if [ ! -e "$folder/.complete" ]; then
        log "azcopy: installing $version with npm"
        rm -rf "$folder"
        mkdir -p "$folder"
        npm install --prefix "$folder" --no-audit --no-fund --no-save "@azure-tools/azcopy-linux@$version" >"$CACHE/locks/azcopy.log" 2>&1 || {
            tail -n 10 "$CACHE/locks/azcopy.log" >&2
            die "npm could not install @azure-tools/azcopy-linux@$version: see $CACHE/locks/azcopy.log, check npm's registry setting and run this again"
        }
        touch "$folder/.complete"
    fi
fi
executable=$folder/node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64
[ -f "$executable" ] || die "@azure-tools/azcopy-linux@$version brought no azcopy: delete $folder and run this again"
# npm drops the executable bit, the package does not name it as a command.
chmod +x "$executable"
mkdir -p "$CACHE/bin"
ln -sfn "$executable" "$CACHE/bin/azcopy"
printf '%s\n' "$executable"
