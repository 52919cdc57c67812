# The steps of the demo. Sourced by run.sh.
# shellcheck shell=bash
# shellcheck disable=SC1090,SC1091,SC2154

bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
title() { printf '\n%s== %s%s\n' "$bold" "$*" "$plain"; }
say() { printf '   %s\n' "$*"; }
show() { sed 's/^/   /'; }

fail() {
    printf '\nFAILED: %s\n' "$*" >&2
    printf 'Logs: %s/logs\n' "$folder" >&2
    keep_logs=1
    exit 1
}

build() {
    [ -z "${NO_BUILD:-}" ] || return 0
    log "build: operator and agent ($RECOVERY_OPERATOR_CONFIGURATION)"
    local project
    for project in Operator Agent; do
        dotnet build "$REPO_DIR/src/RecoveryOperator.$project" -c "$RECOVERY_OPERATOR_CONFIGURATION" -nologo -v quiet >&2 ||
            die "the build failed: see above"
    done
}

open_folder() {
    folder=${KEEP:-$(mktemp -d /var/tmp/recovery-operator-demo-XXXXXX)}
    mkdir -p "$folder"
    folder=$(cd "$folder" && pwd)
    keep_logs=${KEEP:+1}
}

close_folder() {
    local status=$?
    trap - EXIT
    [ "$status" = 0 ] || keep_logs=1
    "$ENG_DIR/run/world.sh" down "$folder" || say "something did not end: see $folder"
    if [ -n "${keep_logs:-}" ]; then say "logs and disks stay in $folder"; else rm -rf "$folder"; fi
    exit "$status"
}

k() { "$CACHE/bin/kubectl" --kubeconfig "$folder/apiserver/kubeconfig" -n shop "$@"; }
world() { "$ENG_DIR/run/world.sh" "$@"; }

start_world() {
    world up "$folder" "$hypervisor"
    . "$folder/env"
    k create namespace shop | show
}

# apply NAME: a manifest of the demo with this world's addresses in it.
apply() {
    local type=Libvirt file=$folder/$1.yaml
    [ "$hypervisor" = libvirt ] || type=Images
    sed -e "s,@TYPE@,$type,g" -e "s,@HOST_A_URL@,$HOST_A_URL,g" -e "s,@HOST_B_URL@,$HOST_B_URL,g" -e "s,@VAULT_KEY@,$VAULT_KEY,g" \
        -e "s,@VAULT_ENDPOINT@,$VAULT_ENDPOINT,g" -e "s,@VAULT_ACCOUNT@,$VAULT_ACCOUNT,g" -e "s,@VAULT_AGENT_URL@,$VAULT_AGENT_URL,g" \
        "$ENG_DIR/demo/manifests/$1.yaml.in" >"$file"
    say "kubectl apply -f $1.yaml"
    k apply -f "$file" | show
}

bar() {
    local percent=$1 width=30 full
    full=$((percent * width / 100))
    printf '[%s%s] %3d%%' "$(printf '%*s' "$full" '' | tr ' ' '#')" "$(printf '%*s' $((width - full)) '' | tr ' ' '.')" "$percent"
}

# until_so SECONDS WHAT COMMAND...: like wait_for, but ends the demo.
until_so() {
    local seconds=$1 what=$2
    shift 2
    wait_for "$seconds" "$what" "$@" || fail "$what: not so within $seconds s"
}

# follow_protection: every transition, and a progress bar while data is copied, until the machine is protected.
follow_protection() {
    local end=$((SECONDS + 180)) seen='' phase percent copied total disk disks line
    while [ $SECONDS -lt $end ]; do
        IFS='|' read -r phase percent copied total disk disks < <(k get pvm web-1 -o jsonpath='{.status.phase}|{.status.progress.percent}|{.status.progress.bytesDone}|{.status.progress.bytesTotal}|{.status.progress.disk}|{.status.progress.disks}' 2>/dev/null || true) || true
        line="${phase:-Pending}"
        if [ -n "$percent" ] && [ "$phase" = InitialReplication ]; then
            line="$phase $(bar "$percent") $((${copied:-0} / 1048576)) of $((${total:-0} / 1048576)) MiB, disk ${disk:-?} of ${disks:-?}"
        fi
        if [ "$line" != "$seen" ]; then
            say "$(date +%T) web-1 $line"
            seen=$line
        fi
        [ "$phase" != Protected ] || break
        sleep 0.2
    done
    [ "$phase" = Protected ] || { k describe pvm web-1 | tail -n 60 >&2; fail "web-1 did not become Protected within 180 s; its phase is '${phase:-none}'"; }
    k get pvm,rsite,rhost,rvault,rpol,rplan | show
    protection_id=$(k get pvm web-1 -o jsonpath='{.status.protectionId}')
}

points() { "$ENG_DIR/demo/vault-read.sh" list "$folder/azurite/env" "$protection_id-replica" points/; }
has_points() { [ "$(points | wc -l)" -ge "$1" ]; }
wait_for_points() {
    until_so 90 "the vault lists $1 recovery points" has_points "$1"
    say "recovery points in the vault:"
    points | tail -n 5 | show
}

# sync_now: one set now instead of at the next turn of the policy.
sync_now() { k annotate pvm web-1 --overwrite "recoveryoperator.io/sync-requested=$(date +%s%N)" | show; }

guest_pid() { sed -n 1p "$folder/host-a/images/web-1/guest.pid"; }
lock_is_free() { flock -n "$folder/host-a/images/web-1/machine.lock$1" true; }

suspend() {
    local _
    if [ "$hypervisor" = libvirt ]; then
        virsh_a suspend web-1
        return
    fi
    # A writer that is stopped within a burst of writes would hold the machine's lock; a hypervisor's suspend has no such moment.
    for _ in $(seq 200); do
        kill -s STOP "$(guest_pid)"
        if lock_is_free "" && lock_is_free .turn; then return; fi
        kill -s CONT "$(guest_pid)"
        sleep 0.02
    done
    fail "the writer of web-1 could not be stopped between two bursts of writes"
}

resume() { if [ "$hypervisor" = libvirt ]; then virsh_a resume web-1; else kill -s CONT "$(guest_pid)"; fi; }
virsh_a() { "$ENG_DIR/run/libvirt-host.sh" exec host-a "$folder/host-a" -- virsh -q -c qemu:///system "$@" | show; }

# texts FIELD: every text under that name in a JSON document, a line each.
texts() { grep -o "\"$1\" *: *\"[^\"]*\"" | cut -d '"' -f 4; }

# source_disk N: path and format of a disk on host A.
source_disk() {
    if [ "$hypervisor" = libvirt ]; then
        printf '%s/host-a/storage/web-1-%s.qcow2 qcow2' "$folder" "$([ "$1" = 0 ] && echo system || echo data)"
    else
        printf '%s/host-a/images/web-1/disk-%s.raw raw' "$folder" "$1"
    fi
}

newest_point() { points | sort | tail -n 1; }
has_point_after() { [[ "$(newest_point)" > "$1" ]]; }

# prove_point: the machine is suspended, a set is cut, and its point, downloaded by curl, is compared with the source's disks by qemu-img.
prove_point() {
    local before point disk blob snapshot size file format
    say "the machine is suspended"
    suspend
    before=$(newest_point)
    sync_now
    until_so 60 "a point was made of the suspended machine" has_point_after "$before"
    point=$(newest_point)
    # A set that was under way when the machine was suspended is not the one that was asked for.
    sync_now
    until_so 60 "a second point was made of the suspended machine" has_point_after "$point"
    point=$(newest_point)
    "$ENG_DIR/demo/vault-read.sh" get "$folder/azurite/env" "$protection_id-replica" "$point" >"$folder/point.json"
    for disk in 0 1; do
        blob=disk-$disk.vhd
        snapshot=$(texts snapshot <"$folder/point.json" | sed -n "$((disk + 1))p")
        size=$(sed 's/.*"disks"//' "$folder/point.json" | tr -d '\n' | grep -o '"sizeBytes" *: *[0-9]*' | tail -n 2 | sed -n "$((disk + 1))p" | grep -o '[0-9]*$')
        "$ENG_DIR/demo/vault-read.sh" snapshot "$folder/azurite/env" "$protection_id-replica" "$blob" "$snapshot" "$folder/disk-$disk.vhd"
        truncate -s "$size" "$folder/disk-$disk.vhd"
        read -r file format < <(source_disk "$disk"; echo)
        if [ "$hypervisor" = libvirt ]; then
            qemu-img compare -U -f raw -F "$format" "$folder/disk-$disk.vhd" "$file" | show || fail "$blob of $point differs from the source's disk $file"
        else
            cmp "$folder/disk-$disk.vhd" "$file" || fail "$blob of $point differs from the source's disk $file"
            say "cmp: disk-$disk of point $point equals $file"
        fi
        rm "$folder/disk-$disk.vhd"
    done
    resume
    say "the machine goes on"
}

console() {
    case $hypervisor-$1 in
        libvirt-a) echo "$folder/host-a/console/web-1.log" ;;
        libvirt-b) echo "$folder/host-b/console/web-1.log" ;;
        images-*) echo "$folder/host-$1/images/web-1/console.log" ;;
    esac
}

last() { { grep -a "^$2 n=" "$1" || true; } | tail -n 1 | sed 's/.*n=\([0-9]*\).*/\1/'; }
beat_time() { { grep -a "^BEAT n=$2 " "$1" || true; } | tail -n 1 | sed 's/.*t=\([0-9]*\).*/\1/' | tr -d '\r'; }

agent_metrics() {
    if [ "$hypervisor" = libvirt ]; then
        "$ENG_DIR/run/libvirt-host.sh" exec host-a "$folder/host-a" -- curl -fsS "$HOST_A_METRICS"
    else
        curl -fsS "$HOST_A_METRICS"
    fi
}

lose_host_a() {
    sleep "${BEATS_BEFORE_DISASTER:-5}"
    agent_metrics >"$folder/metrics-a.txt" || fail "the metrics of host A's agent cannot be read at $HOST_A_METRICS"
    status_before=$(k get pvm web-1 -o jsonpath='{.status.lastRecoveryPoint.time}')
    [ "$hypervisor" = images ] || "$ENG_DIR/run/libvirt-host.sh" cut host-a "$folder/host-a"
    world kill "$folder" host-a
    written=$(last "$(console a)" WRITE)
    acknowledged=$(last "$(console a)" BEAT)
    say "killed: machine, hypervisor and agent, the network is cut. Last heartbeat: $acknowledged flushed to both disks, $written begun; newest point known to status: $status_before"
}

# explain_b: where the machine on host B stands, for whoever has to find out why it did not come up.
explain_b() {
    local command pid
    [ "$hypervisor" = libvirt ] || return 0
    for command in 'domstate --reason' 'domblkstat DOMAIN vda' 'domblkstat DOMAIN vdb' 'domblkerror' 'domstats --vcpu' \
        'qemu-monitor-command --hmp DOMAIN info registers' 'qemu-monitor-command --hmp DOMAIN info block'; do
        [[ $command == *DOMAIN* ]] || command="$command DOMAIN"
        # shellcheck disable=SC2086
        timeout 10 "$ENG_DIR/run/libvirt-host.sh" exec host-b "$folder/host-b" -- virsh -c qemu:///system ${command//DOMAIN/web-1} 2>&1 | head -n 30 || true
    done
    for pid in $(pgrep -f "guest=web-1.*$folder|$folder.*guest=web-1" || true); do
        for command in status wchan; do head -n 60 /proc/"$pid"/task/*/"$command" 2>/dev/null | grep -E '==>|State|Name|ctxt|^[a-z_]+$' || true; done
        ss -tnp 2>/dev/null | grep "pid=$pid," || true
    done
    say "its console ends with:"
    tail -n 5 "$(console b)" || true
}

up_on_b() { grep -a '^RECOVERED ' "$(console b)"; }

follow_failover() {
    local end=$((SECONDS + 180)) seen='' line applied_at
    applied_at=$(date +%s%N)
    while [ $SECONDS -lt $end ]; do
        line=$(k get rplan shop -o jsonpath='{.status.phase} {range .status.groups[*].vms[*]}{.name}: {.step} {.host} {.message}{end}' 2>/dev/null || true)
        if [ "$line" != "$seen" ]; then
            say "$(date +%T) shop $line"
            seen=$line
        fi
        if up_on_b >/dev/null 2>&1; then break; fi
        sleep 0.2
    done
    up_on_b >/dev/null 2>&1 || { k describe rplan shop | tail -n 60 >&2; explain_b >&2; fail "web-1 did not come up on host B within 180 s"; }
    rto=$((($(date +%s%N) - applied_at) / 1000000))
    until_so 30 "the plan reports FailedOver" plan_is FailedOver
    k get rplan shop | show
}

plan_is() { [ "$(k get rplan shop -o jsonpath='{.status.phase}')" = "$1" ]; }

# judge_recovery: what the recovered machine found on its disks must be a prefix of what was written.
judge_recovery() {
    local line vda vdb holes lost_at found_at
    line=$(up_on_b | head -n 1 | tr -d '\r')
    vda=$(sed 's/.*vda=\([0-9]*\).*/\1/' <<<"$line") vdb=$(sed 's/.*vdb=\([0-9]*\).*/\1/' <<<"$line") holes=$(sed 's/.*holes=\([0-9]*\).*/\1/' <<<"$line")
    say "the recovered machine says on its console: $line"
    [ "$holes" = 0 ] || fail "the recovered disks have $holes damaged or missing heartbeats"
    [ "$vda" -gt 0 ] || fail "the recovered disk vda holds no heartbeat"
    [ "$vda" -le "$written" ] || fail "the recovered disk vda holds heartbeat $vda, but only $written was ever written"
    [ $((vda - vdb)) = 0 ] || [ $((vda - vdb)) = 1 ] || fail "vda is at $vda and vdb at $vdb: the disks are not of one instant"
    recovered=$vdb
    lost_at=$(beat_time "$(console a)" "$acknowledged") found_at=$(beat_time "$(console a)" "$recovered")
    [ -n "$lost_at" ] && [ -n "$found_at" ] || fail "heartbeat $recovered or $acknowledged is not in host A's console log"
    rpo=$((lost_at - found_at))
    until_so 60 "the recovered machine goes on with its heartbeat" grep -aq "^BEAT n=$((vda + 2)) " "$(console b)"
    say "it goes on behind heartbeat $vda"
}

prove_once() {
    local before after
    apply 04-commit
    until_so 30 "the plan is committed" plan_is Committed
    before=$("$ENG_DIR/demo/vault-read.sh" get "$folder/azurite/env" "$protection_id-replica" journal.json | sha256sum)
    apply 03-failover
    until_so 30 "the controller has seen the old operation" observed
    after=$("$ENG_DIR/demo/vault-read.sh" get "$folder/azurite/env" "$protection_id-replica" journal.json | sha256sum)
    [ "$before" = "$after" ] || fail "the second apply of operation site-a-lost changed the journal"
    plan_is Committed || fail "the second apply of operation site-a-lost changed the plan's phase"
    say "the journal in the vault is unchanged: the operation's id was spent"
    k get rplan shop -o jsonpath='{range .status.history[*]}{.id}|{.type} {.state}|{.rpoSeconds}|{.rtoSeconds}{"\n"}{end}' |
        awk -F '|' '{ printf "   %s: %s%s\n", $1, $2, ($3 == "" && $4 == "") ? "" : ", RPO " $3 " s, RTO " $4 " s" }'
}

observed() { [ "$(k get rplan shop -o jsonpath='{.metadata.generation}')" = "$(k get rplan shop -o jsonpath='{.status.observedGeneration}')" ]; }

metric() { awk -v name="$1" '$1 ~ "^"name"([{]|$)" { sum += $2 } END { printf "%.1f", sum / 1048576 }' "$folder/metrics-a.txt"; }

report() {
    local stored
    stored=$(du -sm "$folder/azurite/data" | cut -f 1)
    printf '   %-34s %s\n' \
        "RPO observed" "$(printf '%d.%03d s' $((rpo / 1000)) $((rpo % 1000))) (heartbeats $recovered to $acknowledged)" \
        "RTO observed" "$(printf '%d.%03d s' $((rto / 1000)) $((rto % 1000))) (operation applied to guest up)" \
        "read from the source's disks" "$(metric recovery_read_bytes_total) MiB" \
        "changed" "$(metric recovery_changed_bytes_total) MiB" \
        "shipped" "$(metric recovery_shipped_bytes_total) MiB" \
        "stored by the blob service" "$stored MiB (all recovery points)"
}
