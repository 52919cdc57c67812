#!/usr/bin/env bash
# Everything that tests and demo need on this machine; a second run finds it all there and takes about a second.
#
#   eng/setup/all.sh [apiserver] [azurite] [guest]      (default: all three)
#
# Writes CACHE/env: KUBE_APISERVER, ETCD, KUBECTL, HELM, AZURITE_BLOB and GUEST_IMAGES, as far as they were set up.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -gt 0 ] || set -- apiserver azurite guest
need dotnet "install the .NET 10 SDK"
need node "install Node.js 20"
need npm "install npm (it comes with Node.js)"
mkdir -p "$CACHE"

groups=(base)
for part in "$@"; do
    case $part in
        apiserver)
            groups+=(monitoring)
            [ -n "${KUBEBUILDER_ASSETS:-}" ] || groups+=(apiserver)
            ;;
        azurite) ;;
        guest) groups+=(hypervisor tools) ;;
        *) usage ;;
    esac
done
# kube-apiserver itself is long built in most runs; its build packages are then not asked for.
[ ! -x "$CACHE/bin/kube-apiserver" ] || groups=("${groups[@]/apiserver/base}")
"$ENG_DIR/setup/packages.sh" "${groups[@]}"

# The parts do not touch each other: npm, the Go compiler and the image tools work side by side.
declare -A pids
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
for part in "$@"; do
    case $part in
        apiserver) "$ENG_DIR/setup/kube-apiserver.sh" ;;
        azurite) "$ENG_DIR/setup/azurite.sh" ;;
        guest) "$ENG_DIR/setup/guest-image.sh" ;;
    esac >"$results/$part" &
    pids[$part]=$!
done
failed=()
for part in "${!pids[@]}"; do wait "${pids[$part]}" || failed+=("$part"); done
[ ${#failed[@]} -eq 0 ] || die "setup of ${failed[*]} failed: what is missing stands above; put it right and run this again"

{
    for name in kube-apiserver etcd kubectl helm azurite-blob; do
        variable=${name//-/_}
        [ ! -x "$CACHE/bin/$name" ] || printf '%s=%s\n' "${variable^^}" "$CACHE/bin/$name"
    done
    [ ! -s "$results/guest" ] || printf 'GUEST_IMAGES=%s\n' "$(cat "$results/guest")"
} >"$CACHE/env.new"
mv "$CACHE/env.new" "$CACHE/env"
log "setup: all there ($SECONDS s), see $CACHE/env"
