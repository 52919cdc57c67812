#!/usr/bin/env bash
# Builds the test guest's disks into the cache; prints the folder that holds guest-system.qcow2, guest-data.qcow2 and hb.
#
# The system disk boots by itself under BIOS: partition 1 (FAT) holds syslinux, kernel and initramfs, partition 2 is
# the first heartbeat area, partition 3 an ext4 file system that Debian's qemu-ga, which runs in the guest, can freeze. The data disk is the second heartbeat area, and behind it the scratch area for load.
# Overridable in the environment, each choice has its own folder:
#   GUEST_SYSTEM_MIB=128 GUEST_DATA_MIB=64 GUEST_HEARTBEAT_MIB=32 GUEST_INTERVAL_MS=100 GUEST_CHURN_KIB=64
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

system_mib=${GUEST_SYSTEM_MIB:-128}
data_mib=${GUEST_DATA_MIB:-64}
heartbeat_mib=${GUEST_HEARTBEAT_MIB:-32}
interval_ms=${GUEST_INTERVAL_MS:-100}
churn_kib=${GUEST_CHURN_KIB:-64}
boot_mib=40
fs_mib=16
modules="virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk virtio_console button evdev"

inputs=$({
    cat "$ENG_DIR/setup/guest-image.sh" "$ENG_DIR/guest/init" "$ENG_DIR/guest/hb.c"
    echo "$system_mib $data_mib $heartbeat_mib $interval_ms $churn_kib"
} | sha256sum | cut -c 1-12)
result=$CACHE/guest/$inputs

[ $((1 + boot_mib + heartbeat_mib + fs_mib)) -le "$system_mib" ] ||
    die "GUEST_SYSTEM_MIB=$system_mib is too small: boot, heartbeat and file system need $((1 + boot_mib + heartbeat_mib + fs_mib))"
[ "$heartbeat_mib" -le "$data_mib" ] || die "GUEST_DATA_MIB=$data_mib is smaller than the heartbeat area ($heartbeat_mib)"

# The kernel is taken out of its package, which is not installed.
unpack_kernel() {
    local package
    package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    if [ -z "$package" ]; then
        apt-get -q update >"$work/apt.log" 2>&1 || true
        package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
    fi
    [ -n "$package" ] || die "Debian's package linux-image-cloud-amd64 is not known to apt: check the machine's apt sources"
    log "guest image: kernel from $package"
    download "$package" || { apt-get -q update && download "$package"; } >>"$work/apt.log" 2>&1 ||
        die "apt could not download $package: see $work/apt.log"
    dpkg-deb -x "$work"/linux-image-*.deb "$work/kernel"
}

# The real guest agent, with the libraries that it needs, as this machine has them (QEMU needs the same).
install_guest_agent() {
    local root=$1 library
    download qemu-guest-agent || { apt-get -q update && download qemu-guest-agent; } >>"$work/apt.log" 2>&1 ||
        die "apt could not download qemu-guest-agent: see $work/apt.log"
    dpkg-deb -x "$work"/qemu-guest-agent_*.deb "$work/guest-agent"
    mkdir -p "$root/lib/x86_64-linux-gnu" "$root/lib64"
    install -m 755 "$work/guest-agent/usr/sbin/qemu-ga" "$root/bin/qemu-ga"
    ldd "$root/bin/qemu-ga" >"$work/libraries"
    ! grep 'not found' "$work/libraries" >&2 || die "qemu-ga's libraries are not on this machine: run eng/setup/packages.sh hypervisor"
    for library in $(grep -o '/[^ ]*' "$work/libraries"); do
        case $library in
            /lib64/*) cp -L "$library" "$root/lib64/" ;;
            *) cp -L "$library" "$root/lib/x86_64-linux-gnu/" ;;
        esac
    done
}

download() { (cd "$work" && apt-get -q -o APT::Sandbox::User=root download "$1") >>"$work/apt.log" 2>&1; }

build_initramfs() {
    local root=$work/root module
    mkdir -p "$root"/{bin,dev,etc,modules,proc,sys,tmp}
    install -m 755 /bin/busybox "$root/bin/busybox"
    gcc -static -Os -Wall -Wextra -o "$result.hb" "$ENG_DIR/guest/hb.c"
    install -m 755 "$result.hb" "$root/bin/hb"
    install -m 755 "$ENG_DIR/guest/init" "$root/init"
    install_guest_agent "$root"
    for module in $modules; do
        cp "$(find "$work/kernel/lib/modules" -name "$module.ko")" "$root/modules/"
    done
    (cd "$root" && find . | sort | cpio --quiet --reproducible -R 0:0 -o -H newc | gzip -n) >"$work/initramfs.gz"
}

build_system_disk() {
    local disk=$work/system.raw partition="$work/system.raw@@1M"
    truncate -s "${system_mib}M" "$disk"
    sfdisk -q "$disk" <<END
label: dos
label-id: 0x5265636f
start=1MiB, size=${boot_mib}MiB, type=c, bootable
start=$((1 + boot_mib))MiB, size=${heartbeat_mib}MiB, type=da
start=$((1 + boot_mib + heartbeat_mib))MiB, size=${fs_mib}MiB, type=83
END
    mke2fs -q -t ext4 -L data "$work/fs.raw" "${fs_mib}M" >&2
    dd if="$work/fs.raw" of="$disk" bs=1M seek=$((1 + boot_mib + heartbeat_mib)) conv=notrunc,sparse status=none
    mformat -i "$partition" -T $((boot_mib * 2048)) -h 255 -s 63 -H 2048 -N 52656376 ::
    cat >"$work/syslinux.cfg" <<END
DEFAULT linux
PROMPT 0
TIMEOUT 0
LABEL linux
  KERNEL /vmlinuz
  INITRD /initramfs.gz
  APPEND console=ttyS0 quiet loglevel=3 panic=5 hb.records=$((heartbeat_mib * 2048 - 1)) hb.interval_ms=$interval_ms hb.churn_kib=$churn_kib
END
    mcopy -i "$partition" "$work"/kernel/boot/vmlinuz-* ::/vmlinuz
    mcopy -i "$partition" "$work/initramfs.gz" "$work/syslinux.cfg" ::/
    syslinux --offset 1048576 --install "$disk"
    dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
}

build() {
    "$ENG_DIR/setup/packages.sh" base tools hypervisor
    log "guest image: building (under half a minute, once)"
    mkdir -p "$CACHE/guest" "$CACHE/build"
    work=$(mktemp -d "$CACHE/build/guest.XXXXXX")
    unpack_kernel
    build_initramfs
    build_system_disk
    truncate -s "${data_mib}M" "$work/data.raw"
    mkdir "$work/out"
    qemu-img convert -f raw -O qcow2 "$work/system.raw" "$work/out/guest-system.qcow2"
    qemu-img convert -f raw -O qcow2 "$work/data.raw" "$work/out/guest-data.qcow2"
    mv "$result.hb" "$work/out/hb"
    rm -rf "$result"
    mv "$work/out" "$result"
    rm -rf "$work"
    log "guest image: built after $SECONDS s: $(du -sh "$result" | cut -f 1)"
}

if [ ! -s "$result/guest-data.qcow2" ]; then
    take_lock guest-image
    [ -s "$result/guest-data.qcow2" ] || build
fi
printf '%s\n' "$result"
