#!/usr/bin/env bash
# Puts the test guest on a libvirt host made by libvirt-host.sh.
#
#   guest.sh define HOST DIR GUEST    copies the template disks (when there are none) and defines the guest
#   guest.sh start HOST DIR GUEST     the same, and starts it; returns when it has written its first heartbeat
#   guest.sh stop HOST DIR GUEST      presses its power button and waits until it is off
#   guest.sh remove HOST DIR GUEST    destroys and undefines it, deletes its disks and console log
#
# The guest's console is DIR/console/GUEST.log: "RECOVERED vda=N vdb=N holes=N", then "WRITE n=N" and "BEAT n=N t=MS".
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# = 4 ] || usage
verb=$1 host=$2 guest=$4
dir=$(cd "$3" 2>/dev/null && pwd) || die "$3 is not there: start the host first with eng/run/libvirt-host.sh start $host $3"
console=$dir/console/$guest.log
running "$dir/init.pid" || die "host $host is not running: start it with eng/run/libvirt-host.sh start $host $dir"

virsh_on_host() { "$ENG_DIR/run/libvirt-host.sh" exec "$host" "$dir" -- virsh -q -c qemu:///system "$@"; }
is_defined() { virsh_on_host dominfo "$guest" >"$dir/probe" 2>&1; }
state() { virsh_on_host domstate "$guest"; }
is_off() { [ "$(state)" = "shut off" ]; }

define() {
    local disk images
    for disk in system data; do
        if [ ! -e "$dir/storage/$guest-$disk.qcow2" ]; then
            images=${images:-$("$ENG_DIR/setup/guest-image.sh")}
            cp "$images/guest-$disk.qcow2" "$dir/storage/$guest-$disk.qcow2"
            chown --reference "$dir/storage" "$dir/storage/$guest-$disk.qcow2"
        fi
    done
    is_defined && return 0
    sed -e "s,@NAME@,$guest,g" -e "s,@STORAGE@,$dir/storage,g" -e "s,@CONSOLE@,$dir/console,g" \
        -e "s,@MEMORY_MIB@,${GUEST_MEMORY_MIB:-128},g" "$ENG_DIR/guest/domain.xml.in" >"$dir/$guest.xml"
    virsh_on_host define "$dir/$guest.xml" >&2
    log "$guest: defined on $host"
}

# beating LINES: a heartbeat in the console log behind that many lines.
beating() { tail -n "+$(($1 + 1))" "$console" | grep -q '^BEAT '; }

start() {
    local lines=0
    define
    if [ "$(state)" = "shut off" ]; then
        [ ! -e "$console" ] || lines=$(wc -l <"$console")
        virsh_on_host start "$guest" >&2
        wait_for "${GUEST_BOOT_SECONDS:-120}" "$guest writes its heartbeat (console: $console)" beating "$lines"
        log "$guest: up on $host after $SECONDS s"
    fi
}

stop() {
    is_defined && ! is_off || return 0
    virsh_on_host shutdown "$guest" >&2
    wait_for 30 "$guest is off" is_off
    log "$guest: shut down on $host after $SECONDS s"
}

remove() {
    if is_defined; then
        is_off || virsh_on_host destroy "$guest" >&2
        virsh_on_host undefine "$guest" --checkpoints-metadata >&2
    fi
    rm -f "$dir/storage/$guest-system.qcow2" "$dir/storage/$guest-data.qcow2" "$console" "$dir/$guest.xml"
}

case $verb in
    define) define ;;
    start) start ;;
    stop) stop ;;
    remove) remove ;;
    *) usage ;;
esac
