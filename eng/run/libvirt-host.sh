#!/usr/bin/env bash
# A whole libvirt host of its own on this machine: network, mount and process namespaces with their own libvirtd.
#
#   libvirt-host.sh check                     can this machine run such hosts? If not: one sentence why, exit code 1
#   libvirt-host.sh start NAME DIR [INDEX]    INDEX 1..250: the first free one if absent
#   libvirt-host.sh stop NAME DIR             guests and daemons end, in order; disks and definitions stay
#   libvirt-host.sh kill NAME DIR             power loss: everything on the host is killed at once; then start again
#   libvirt-host.sh cut NAME DIR              the network cable is pulled
#   libvirt-host.sh mend NAME DIR             ... and put back
#   libvirt-host.sh exec NAME DIR -- COMMAND  a command on the host; it ends when this script is killed, gets its TERM and INT
#
# The host is 10.231.INDEX.2 and reaches 10.231.INDEX.1 and, the same from every host, 10.231.0.1: that is the machine
# outside, where servers listen (bind them to 10.231.0.1 or 0.0.0.0). DIR/storage, DIR/scratch and DIR/console belong to
# the user that QEMU runs as and have the same path inside and outside. DIR/env holds HOST_* with addresses, folders and pids.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

# check: what start needs, tried in namespaces that are gone at once.
check() {
    local command
    need_root "a libvirt host"
    for command in libvirtd virtlogd virsh qemu-system-x86_64 qemu-img nsenter ip; do
        need "$command" "run eng/setup/packages.sh base hypervisor"
    done
    unshare --mount --net --pid --fork true 2>/dev/null || die "namespaces cannot be made here: CAP_SYS_ADMIN is missing (a container without privileges?)"
    [ -c /dev/net/tun ] || die "/dev/net/tun is missing: load the kernel module tun, or pass the device into this container"
    unshare --net ip link add probe0 type veth peer name probe1 2>/dev/null || die "no veth pair can be made here: CAP_NET_ADMIN or the kernel's veth driver is missing"
    unshare --net ip link add probe0 type bridge 2>/dev/null || die "no bridge can be made here: the kernel's bridge driver is missing"
}

if [ "${1:-}" = check ]; then
    check
    exit 0
fi
[ $# -ge 3 ] || usage
verb=$1 name=$2
need_root "a libvirt host"
mkdir -p "$3"
dir=$(cd "$3" && pwd)
shift 3
common_address=10.231.0.1
holder=$dir/holder.pid init=$dir/init.pid

on_host() { nsenter --target "$(cut -d ' ' -f 1 "$init")" --mount --net --pid -- "$@"; }
is_up() { running "$init"; }
must_be_up() { is_up || die "host $name is not running: start it with eng/run/libvirt-host.sh start $name $dir"; }
answers() { on_host virsh -q -c qemu:///system version; }
answers_or_dead() { answers || not_running "$init"; }
link_outside() { printf 'roh%so' "$(cat "$dir/index")"; }

number_is_taken() {
    ip link show "roh${1}o" >"$dir/probe" 2>&1 || [ -n "$(ip route show "10.231.$1.0/24")" ]
}

# choose_index [INDEX]: the host keeps its number; a new one takes the one that is asked for, or the first free one.
choose_index() {
    local wanted=${1:-} index
    if [ -s "$dir/index" ] && { [ -z "$wanted" ] || [ "$wanted" = "$(cat "$dir/index")" ]; }; then
        number_is_taken "$(cat "$dir/index")" || return 0
        [ -z "$wanted" ] || die "network number $wanted is taken by another host on this machine: give another INDEX"
    fi
    for index in ${wanted:-$(seq 250)}; do
        if ! number_is_taken "$index"; then
            printf '%s\n' "$index" >"$dir/index"
            return 0
        fi
    done
    die "network number ${wanted:-1..250} is taken by another host on this machine: stop that one, or give another INDEX"
}

# make_folders: the host's private copies of libvirt's folders, and the three that it shares with the outside.
make_folders() {
    local folder user=libvirt-qemu group=kvm
    mkdir -p "$dir"/{storage,scratch,console} "$dir"/root/{var/lib,run,var/log,var/cache}/libvirt
    mkdir -p "$dir/root/var/cache/libvirt/qemu/capabilities" "$CACHE/libvirt-capabilities"
    if [ ! -d "$dir/root/etc/libvirt" ]; then
        mkdir -p "$dir/root/etc"
        cp -a /etc/libvirt "$dir/root/etc/libvirt"
        rm -rf "$dir"/root/etc/libvirt/qemu
        mkdir -p "$dir/root/etc/libvirt/qemu/networks"
        cp /proc/sys/kernel/random/uuid "$dir/host-uuid"
    fi
    rm -rf "$dir"/root/run/libvirt/*
    for folder in /var/lib/libvirt /run/libvirt /etc/libvirt /var/log/libvirt /var/cache/libvirt; do mkdir -p "$folder"; done
    chmod 755 "$dir" "$dir"/root/var/lib/libvirt
    # A folder that QEMU's own user cannot reach (below a private home, say) is used as root.
    chown "$user:$group" "$dir"/{storage,scratch,console}
    if ! setpriv --reuid "$user" --regid "$group" --clear-groups test -w "$dir/storage"; then
        log "$name: the user $user cannot reach $dir, so QEMU runs as root there"
        user=root group=root
    fi
    chown "$user:$group" "$dir"/{storage,scratch,console}
    cat >"$dir/root/etc/libvirt/qemu.conf" <<END
user = "$user"
group = "$group"
dynamic_ownership = 1
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
END
    cat >"$dir/root/etc/libvirt/libvirtd.conf" <<END
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "$(cat "$dir/host-uuid")"
log_outputs = "2:file:/var/log/libvirt/libvirtd.log"
END
}

start_holder() {
    spawn "$holder" "$dir/host.log" unshare --mount --net --pid --fork --kill-child \
        "$ENG_DIR/run/libvirt-host-init.sh" "$dir" "$CACHE/libvirt-capabilities"
    local parent child=
    parent=$(cut -d ' ' -f 1 "$holder")
    for _ in $(seq 100); do
        child=$(cat "/proc/$parent/task/$parent/children" 2>/dev/null || true)
        child=${child%% *}
        [ -z "$child" ] || break
        sleep 0.05
    done
    [ -n "$child" ] || die "$name: the namespaces could not be made (see $dir/host.log): this needs root with CAP_SYS_ADMIN and CAP_NET_ADMIN"
    printf '%s %s\n' "$child" "$(started_at "$child" || echo gone)" >"$init"
}

connect() {
    local index outside inside
    index=$(cat "$dir/index")
    outside=roh${index}o inside=roh${index}i
    ip link add "$outside" type veth peer name "$inside" netns "$(cut -d ' ' -f 1 "$init")" ||
        die "$name: no veth pair could be made: this needs CAP_NET_ADMIN and the kernel's veth driver"
    ip address add "10.231.$index.1/24" dev "$outside"
    ip link set "$outside" up
    ip address show dev lo | grep -F "$common_address/32" >"$dir/probe" || ip address add "$common_address/32" dev lo
    on_host ip address add "10.231.$index.2/24" dev "$inside"
    on_host ip link set "$inside" up
    on_host ip route add default via "10.231.$index.1"
}

disconnect() {
    [ -s "$dir/index" ] || return 0
    ip link delete "$(link_outside)" 2>"$dir/probe" || true
    # The last host takes the common address with it.
    ip -o link show type veth | grep -E ' roh[0-9]+o@' >"$dir/probe" || ip address delete "$common_address/32" dev lo 2>"$dir/probe" || true
}

# network: the network that guests are on; mode open: libvirt touches no firewall, and the host routes nothing.
define_network() {
    local octet
    octet=$(cat "$dir/index")
    if ! on_host virsh -q -c qemu:///system net-info default >"$dir/probe" 2>&1; then
        cat >"$dir/network.xml" <<END
<network>
  <name>default</name>
  <forward mode='open'/>
  <bridge name='virbr0' stp='off' delay='0'/>
  <ip address='10.232.$octet.1' netmask='255.255.255.0'>
    <dhcp><range start='10.232.$octet.10' end='10.232.$octet.250'/></dhcp>
  </ip>
</network>
END
        on_host virsh -q -c qemu:///system net-define "$dir/network.xml" >&2
        on_host virsh -q -c qemu:///system net-autostart default >&2
        on_host virsh -q -c qemu:///system net-start default >&2
    fi
    wait_for 20 "network default of $name is active" network_is_active ||
        die "$name: the network default did not start: see $dir/root/var/log/libvirt/libvirtd.log"
}

# A refused connection is an answer, too.
# shellcheck disable=SC2016 # expanded by the inner bash
outside_answers() {
    { on_host timeout 1 bash -c 'exec 3<>"/dev/tcp/10.231.$1.1/1"' bash "$(cat "$dir/index")" 2>&1 || true; } | grep -i refused
}

network_is_active() { on_host virsh -q -c qemu:///system net-info default | grep -E '^Active: +yes'; }

write_env() {
    local index
    index=$(cat "$dir/index")
    cat >"$dir/env" <<END
HOST_NAME=$name
HOST_INDEX=$index
HOST_ADDRESS=10.231.$index.2
HOST_OUTSIDE_ADDRESS=10.231.$index.1
HOST_COMMON_ADDRESS=$common_address
HOST_LIBVIRT_URI=qemu:///system
HOST_HOLDER_PID=$(cut -d ' ' -f 1 "$holder")
HOST_INIT_PID=$(cut -d ' ' -f 1 "$init")
HOST_STORAGE=$dir/storage
HOST_SCRATCH=$dir/scratch
HOST_CONSOLE=$dir/console
END
}

start() {
    if is_up; then
        log "$name: already running"
        return 0
    fi
    check
    take_lock libvirt-host
    disconnect_own
    choose_index "${1:-}"
    make_folders
    start_holder
    connect
    if ! wait_for 60 "libvirtd of $name answers" answers_or_dead || ! is_up; then
        tail -n 5 "$dir/host.log" "$dir/root/var/log/libvirt/libvirtd.log" >&2 || true
        kill_host
        die "libvirtd of $name did not come up: see $dir/host.log and $dir/root/var/log/libvirt/libvirtd.log"
    fi
    define_network
    write_env
    log "$name: up after $SECONDS s, $(on_host virsh -q -c qemu:///system version | tail -n 1), 10.231.$(cat "$dir/index").2"
}

# disconnect_own: a link that a killed host has left behind, never another host's.
disconnect_own() {
    [ ! -s "$holder" ] || disconnect
}

kill_host() {
    # The namespace's process 1 takes everything on the host with it; the kernel ends it only after all the others.
    stop_recorded "$init" KILL 30
    stop_recorded "$holder" KILL 10
    # Not while another host is being connected: it shares the common address.
    take_lock libvirt-host
    disconnect
}

stop() {
    if is_up; then
        local guest daemon
        for guest in $(on_host virsh -q -c qemu:///system list --name 2>"$dir/probe" || true); do
            on_host virsh -q -c qemu:///system destroy "$guest" >&2 || true
        done
        for daemon in libvirtd virtlogd; do
            # shellcheck disable=SC2016
            on_host sh -c 'kill -TERM "$(cat "$1")" && for i in $(seq 50); do kill -0 "$(cat "$1")" || break; sleep 0.1; done' \
                sh "/run/libvirt/$daemon.pid" 2>"$dir/probe" || true
        done
    fi
    [ ! -s "$holder" ] || kill_host
}

# run_on_host COMMAND...: every link of the chain dies with its parent, and TERM and INT reach the command itself.
run_on_host() {
    local command entry status=0
    setpriv --pdeathsig KILL nsenter --target "$(cut -d ' ' -f 1 "$init")" --mount --net --pid --wdns="$PWD" -- \
        setpriv --pdeathsig KILL "$@" <&0 &
    entry=$!
    # shellcheck disable=SC2317 # called by the traps
    forward() {
        command=$(cat "/proc/$entry/task/$entry/children" 2>/dev/null || true)
        kill -s "$1" "${command%% *}" 2>/dev/null || true
    }
    trap 'forward TERM' TERM
    trap 'forward INT' INT
    while :; do
        status=0
        wait "$entry" || status=$?
        kill -0 "$entry" 2>/dev/null || break
    done
    exit "$status"
}

case $verb in
    start) start "${1:-}" ;;
    stop) stop ;;
    kill) kill_host ;;
    cut)
        must_be_up
        ip link set "$(link_outside)" down
        log "$name: network cut"
        ;;
    mend)
        must_be_up
        ip link set "$(link_outside)" up
        wait_for 10 "the machine outside answers host $name" outside_answers
        log "$name: network mended"
        ;;
    exec)
        [ "${1:-}" = -- ] && shift
        [ $# -gt 0 ] || usage
        must_be_up
        run_on_host "$@"
        ;;
    *) usage ;;
esac
