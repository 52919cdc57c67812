#!/usr/bin/env bash
# Installs the Debian packages that the scripts need, by group; only what is missing.
#
#   eng/setup/packages.sh [base|apiserver|hypervisor|monitoring|tools|bench]...   (default: all but bench)
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

declare -A groups=(
    [base]="bash ca-certificates curl iproute2 jq openssl unzip util-linux xz-utils"
    [apiserver]="dpkg-dev etcd-server golang-go golang-github-modern-go-reflect2-dev"
    [hypervisor]="qemu-system-x86 qemu-utils qemu-block-extra libvirt-daemon-system libvirt-clients libvirt-daemon-driver-qemu dnsmasq-base nftables iptables"
    [monitoring]="prometheus"
    [tools]="busybox-static cpio gcc libc6-dev fdisk mtools syslinux syslinux-common libnbd-bin kmod dosfstools e2fsprogs"
    [bench]="borgbackup libsecret-1-0 linux-perf qemu-utils restic rsync time"
)

[ $# -gt 0 ] || set -- base apiserver hypervisor monitoring tools
wanted=()
for group in "$@"; do
    [ -n "${groups[$group]:-}" ] || die "no package group $group: take one of ${!groups[*]}"
    read -r -a names <<<"${groups[$group]}"
    wanted+=("${names[@]}")
done

# missing: those of the wanted packages that are not installed, one a line.
missing() {
    # shellcheck disable=SC2016
    { dpkg-query -W -f '${Package} ${db:Status-Status}\n' "${wanted[@]}" 2>/dev/null || true; } |
        awk '$2 == "installed" { print $1 }' | sort -u |
        comm -13 - <(printf '%s\n' "${wanted[@]}" | sort -u)
}

need dpkg-query "these scripts are for Debian 12; on another system install by hand: ${wanted[*]}"
mapfile -t todo < <(missing)
[ ${#todo[@]} -gt 0 ] || exit 0

need_root "installing the packages ${todo[*]}"
take_lock packages
mapfile -t todo < <(missing)
[ ${#todo[@]} -gt 0 ] || exit 0

export DEBIAN_FRONTEND=noninteractive LC_ALL=C
apt_options=(-q -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0)
apt_log=$CACHE/locks/packages.log

# No package may start a daemon: the scripts start what they need themselves.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi

log "packages: installing ${todo[*]}"
# One unreachable source of several is no reason to stop: the install that follows is the test.
apt-get "${apt_options[@]}" update >"$apt_log" 2>&1 || log "packages: apt-get update complained (see $apt_log), going on"
if ! apt-get "${apt_options[@]}" install -y --no-install-recommends "${todo[@]}" >>"$apt_log" 2>&1; then
    tail -n 20 "$apt_log" >&2
    die "apt-get could not install ${todo[*]}: see $apt_log, put it right (apt sources, network, dpkg --configure -a) and run this again"
fi
log "packages: done"
