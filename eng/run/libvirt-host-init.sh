#!/usr/bin/env bash
# Process 1 of a libvirt host made by libvirt-host.sh: private folders, then libvirtd; never run by hand.
#
#   libvirt-host-init.sh DIR CAPABILITIES
set -euo pipefail

dir=$1 capabilities=$2
mount --make-rprivate /
mount -t proc proc /proc
mount -t sysfs sysfs /sys
for folder in /var/lib/libvirt /run/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt; do
    mount --bind "$dir/root$folder" "$folder"
done
# What libvirt found out about QEMU (seconds of probing) is the same on every host here; libvirt itself notices a new QEMU.
mount --bind "$capabilities" /var/cache/libvirt/qemu/capabilities
# Where KVM is for root alone, libvirt's probe of QEMU finds it and its guests' user does not: libvirt then takes what it
# knows of QEMU for outdated and probes again, seconds long, at every single call. Hidden, it is out of the question.
if [ -e /dev/kvm ] && ! setpriv --reuid libvirt-qemu --regid kvm --clear-groups test -w /dev/kvm; then
    : >"$dir/no-kvm"
    chmod 000 "$dir/no-kvm"
    mount --bind "$dir/no-kvm" /dev/kvm
fi
ip link set lo up
virtlogd --pid-file /run/libvirt/virtlogd.pid &
libvirtd --pid-file /run/libvirt/libvirtd.pid &
# Process 1 also collects the exit codes of what others leave behind; bash does so while it waits.
while :; do
    sleep 3600 &
    wait $! || true
done
