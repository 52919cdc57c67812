#!/usr/bin/env bash
# The whole product on one machine, every part a process of its own: blob service, API server, two hosts with their
# agents, vault agent and operator. Used by the demo and by the end-to-end tests.
#
#   world.sh up DIR [libvirt|images]      builds nothing; the binaries must be there (make build)
#   world.sh down DIR                     ends everything, also what a broken run left; the folder stays
#   world.sh start|stop|kill DIR PART     PART: azurite apiserver host-a host-b agent-a agent-b vault-agent operator
#   world.sh pid DIR PART                 the process id of a part
#   world.sh wipe DIR                     an empty cluster: etcd's data are gone; the operator is installed anew
#   world.sh guest DIR                    makes and starts the guest web-1 on host A
#
# With AGENT_UNIT=FILE an agent is started by eng/run/supervise.sh with that unit's restart rules.
# The operator runs with the rights that the Helm chart gives it, without leader election unless LEADER_ELECTION=true.
# DIR/env holds the addresses, DIR/logs/PART.log each part's output. kill is SIGKILL: no warning, no clean-up.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || usage
verb=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2
run=$ENG_DIR/run
configuration=${RECOVERY_OPERATOR_CONFIGURATION:-Debug}
agent_binary=$REPO_DIR/src/RecoveryOperator.Agent/bin/$configuration/net10.0/recovery-agent
operator_binary=$REPO_DIR/src/RecoveryOperator.Operator/bin/$configuration/net10.0/recovery-operator
[ ! -s "$dir/settings" ] || . "$dir/settings"

on_libvirt() { [ "$hypervisor" = libvirt ]; }
pidfile() { printf '%s/pids/%s.pid' "$dir" "$1"; }
logfile() { printf '%s/logs/%s.log' "$dir" "$1"; }
setting() { sed -n "s/^$2=//p" "$1/env" | tail -n 1; }

# settle HYPERVISOR: ports and folders, once for the folder's life.
settle() {
    [ ! -s "$dir/settings" ] || return 0
    mkdir -p "$dir"/{pids,logs,certs,config}
    chmod 755 "$dir"
    local name
    {
        printf 'hypervisor=%s\n' "$1"
        for name in agent_a agent_b vault_agent operator agent_a_plain agent_b_plain vault_agent_plain; do
            printf '%s_port=%s\n' "$name" "$(free_port)"
        done
    } >"$dir/settings"
    . "$dir/settings"
}

# outside: where every host reaches the machine's servers.
outside() { if on_libvirt; then echo 10.231.0.1; else echo 127.0.0.1; fi; }

# address HOST: where an agent listens.
address() { if on_libvirt; then setting "$dir/$1" HOST_ADDRESS; else echo 127.0.0.1; fi; }

certificates() {
    local host
    "$run/certs.sh" issue "$dir/certs" recovery-operator DNS:recovery-operator
    "$run/certs.sh" issue "$dir/certs" vault-agent DNS:vault-agent,DNS:localhost,IP:127.0.0.1
    for host in host-a host-b; do
        "$run/certs.sh" issue "$dir/certs" "$host" "DNS:$host,IP:$(address "$host")"
    done
}

start_azurite() { "$run/azurite.sh" start "$dir/azurite" "" "$(if on_libvirt; then echo 0.0.0.0; else echo 127.0.0.1; fi)" >>"$(logfile azurite)"; }
start_apiserver() { "$run/apiserver.sh" start "$dir/apiserver" >>"$(logfile apiserver)"; }

start_host() {
    if on_libvirt; then
        "$run/libvirt-host.sh" start "$1" "$dir/$1"
    else
        mkdir -p "$dir/$1/images"
    fi
}

start_agent() {
    local letter=$1 host=host-$1
    local command=("$agent_binary" host --config "$dir/config/agent-$letter.json")
    write_agent_config "$letter"
    if on_libvirt; then command=("$run/libvirt-host.sh" exec "$host" "$dir/$host" -- "${command[@]}"); fi
    if [ -n "${AGENT_UNIT:-}" ]; then command=("$run/supervise.sh" "$AGENT_UNIT" "$(pidfile "agent-$letter-main")" "${command[@]}"); fi
    spawn "$(pidfile "agent-$letter")" "$(logfile "agent-$letter")" "${command[@]}"
}

# What both roles' configurations have in common, without the braces.
common_config() {
    local identity=$1 grpc=$2 health=$3
    cat <<END
  "Listen": { "Grpc": "$grpc", "Health": "$health" },
  "Tls": {
    "Certificate": "$dir/certs/$identity.crt",
    "Key": "$dir/certs/$identity.key",
    "CertificateAuthority": "$dir/certs/ca.crt"
  },
END
}

write_agent_config() {
    local letter=$1 host=host-$1 port="agent_${1}_port" plain="agent_${1}_plain_port" driver
    if on_libvirt; then
        driver='"Driver": "Libvirt", "Libvirt": {
      "ScratchDirectory": "'$dir/$host'/scratch", "StorageDirectory": "'$dir/$host'/storage", "ConsoleDirectory": "'$dir/$host'/console",
      "RuntimeDirectory": "'$dir/$host'/run", "ScratchReserveBytes": 268435456, "ReplicaReserveBytes": 268435456, "QemuUser": "'$(stat -c %U "$dir/$host/storage")'" }'
    else
        driver='"Driver": "Images", "Images": { "Root": "'$dir/$host/images'", "HostName": "'$host'", "RacyMargin": "00:00:01" }'
    fi
    cat >"$dir/config/agent-$letter.json" <<END
{
$(common_config "$host" "$(address "$host"):${!port}" "127.0.0.1:${!plain}")
  "State": { "Directory": "$dir/$host/agent" },
  "Spool": { "ReservedFreeBytes": 268435456 },
  "Hypervisor": { $driver }
}
END
}

write_vault_agent_config() {
    . "$dir/azurite/env"
    (
        umask 077
        cat >"$dir/config/vault-agent.json" <<END
{
$(common_config vault-agent "127.0.0.1:$vault_agent_port" "127.0.0.1:$vault_agent_plain_port")
  "State": { "Directory": "$dir/vault-agent" },
  "Vault": {
    "Endpoint": "http://127.0.0.1:$AZURITE_PORT/$AZURITE_ACCOUNT",
    "Prefix": "demo",
    "AccountName": "$AZURITE_ACCOUNT",
    "AccountKey": "$AZURITE_KEY",
    "EncryptionKeyFiles": "$dir/vault-agent-keys"
  },
  "Apply": { "RoundSeconds": 1, "LeaseSeconds": 15 }
}
END
    )
}

start_vault_agent() {
    write_vault_agent_config
    spawn "$(pidfile vault-agent)" "$(logfile vault-agent)" "$agent_binary" vault --config "$dir/config/vault-agent.json"
}

kubectl() { "$CACHE/bin/kubectl" --kubeconfig "$dir/apiserver/kubeconfig" "$@"; }

# install: the definitions, and the chart's service account with its rights: the operator runs with no others.
install() {
    # The old API server that is built here does not know CEL rules: it drops them, but only unvalidated.
    kubectl apply --validate=false -f "$REPO_DIR/crds"
    kubectl create namespace recovery-system --dry-run=client -o yaml | kubectl apply -f -
    "$CACHE/bin/helm" template recovery-operator "$REPO_DIR/charts/recovery-operator" --namespace recovery-system \
        --set clusterName=demo --show-only templates/rbac.yaml 2>>"$(logfile helm)" | kubectl apply -f -
    "$run/apiserver.sh" sa-kubeconfig "$dir/apiserver" recovery-system recovery-operator "$dir/operator.kubeconfig"
}

start_operator() {
    install >>"$(logfile install)"
    spawn "$(pidfile operator)" "$(logfile operator)" "$operator_binary" \
        "--Operator:ClusterName=demo" "--Operator:KubeconfigPath=$dir/operator.kubeconfig" "--Operator:ListenAddress=http://127.0.0.1:$operator_port" \
        "--Operator:Tls:CertificateFile=$dir/certs/recovery-operator.crt" "--Operator:Tls:KeyFile=$dir/certs/recovery-operator.key" \
        "--Operator:Tls:AuthorityFile=$dir/certs/ca.crt" "--Operator:StatusRefreshInterval=00:00:05" "--Operator:AgentSilenceGrace=00:00:05" \
        "--Operator:InventoryInterval=00:00:05" "--Operator:LeaderElection:Namespace=recovery-system" \
        "--Operator:LeaderElection:Enabled=${LEADER_ELECTION:-false}"
}

start_part() {
    case $1 in
        azurite) start_azurite ;;
        apiserver) start_apiserver ;;
        host-?) start_host "$1" ;;
        agent-?) running "$(pidfile "$1")" || start_agent "${1#agent-}" ;;
        vault-agent) running "$(pidfile "$1")" || start_vault_agent ;;
        operator) running "$(pidfile "$1")" || start_operator ;;
        *) usage ;;
    esac
}

# end_part PART SIGNAL
end_part() {
    case $1 in
        azurite) "$run/azurite.sh" stop "$dir/azurite" ;;
        apiserver) "$run/apiserver.sh" stop "$dir/apiserver" ;;
        host-?)
            if on_libvirt; then
                "$run/libvirt-host.sh" "$(if [ "$2" = KILL ]; then echo kill; else echo stop; fi)" "$1" "$dir/$1"
            else
                end_image_guests "$1"
            fi
            [ "$2" != KILL ] || stop_recorded "$(pidfile "agent-${1#host-}")" KILL
            ;;
        *) stop_recorded "$(pidfile "$1")" "$2" ;;
    esac
}

# The guests of the Images driver are processes; guest.pid holds pid, start time and boot id, a line each.
end_image_guests() {
    local file
    for file in "$dir/$1"/images/*/guest.pid; do
        [ -e "$file" ] || continue
        if [ "$(started_at "$(sed -n 1p "$file")" || true)" = "$(sed -n 2p "$file")" ]; then kill -s KILL "$(sed -n 1p "$file")"; fi
    done
}

write_env() {
    local letter
    {
        printf 'HYPERVISOR=%s\nKUBECONFIG=%s\n' "$hypervisor" "$dir/apiserver/kubeconfig"
        for letter in a b; do
            local port="agent_${letter}_port" plain="agent_${letter}_plain_port"
            printf 'HOST_%s_URL=https://%s:%s\n' "${letter^^}" "$(address "host-$letter")" "${!port}"
            printf 'HOST_%s_METRICS=http://127.0.0.1:%s/metrics\n' "${letter^^}" "${!plain}"
        done
        printf 'VAULT_AGENT_URL=https://127.0.0.1:%s\nVAULT_AGENT_METRICS=http://127.0.0.1:%s/metrics\n' "$vault_agent_port" "$vault_agent_plain_port"
        printf 'OPERATOR_METRICS=http://127.0.0.1:%s/metrics\n' "$operator_port"
        . "$dir/azurite/env"
        printf 'VAULT_ENDPOINT=http://%s:%s/%s\nVAULT_ACCOUNT=%s\nVAULT_KEY=%s\n' "$(outside)" "$AZURITE_PORT" "$AZURITE_ACCOUNT" "$AZURITE_ACCOUNT" "$AZURITE_KEY"
    } >"$dir/env"
}

up() {
    local part pids=()
    settle "${1:-libvirt}"
    [ -x "$agent_binary" ] && [ -x "$operator_binary" ] || die "the binaries are not built ($configuration): run make build"
    for part in azurite apiserver host-a host-b; do
        start_part "$part" &
        pids+=($!)
    done
    for part in "${pids[@]}"; do wait "$part" || die "the world did not come up: see above and $dir/logs"; done
    certificates
    for part in agent-a agent-b vault-agent operator; do start_part "$part"; done
    write_env
}

down() {
    local part
    for part in operator vault-agent agent-a agent-b; do end_part "$part" TERM; done
    for part in host-a host-b azurite apiserver; do end_part "$part" TERM; done
}

make_guest() {
    local folder=$dir/host-a/images/web-1
    if on_libvirt; then
        "$run/guest.sh" start host-a "$dir/host-a" web-1
        return
    fi
    if [ ! -e "$folder/machine.json" ]; then
        mkdir -p "$folder"
        truncate -s 64M "$folder/disk-0.raw"
        truncate -s 32M "$folder/disk-1.raw"
        printf '{"id":"%s","name":"web-1","virtualCpus":1,"memoryBytes":134217728,"disks":[{"target":"vda","file":"disk-0.raw"},{"target":"vdb","file":"disk-1.raw"}],"nics":[{"mac":"52:54:00:12:34:56","network":"default"}]}\n' \
            "$(cat /proc/sys/kernel/random/uuid)" >"$folder/machine.json.new"
        mv "$folder/machine.json.new" "$folder/machine.json"
    fi
    spawn "$dir/pids/guest.pid" "$(logfile guest)" "$agent_binary" images-guest --directory "$folder"
    wait_for 20 "web-1 writes its heartbeat (see $folder/console.log)" grep '^BEAT ' "$folder/console.log"
}

case $verb in
    up) up "$@" ;;
    down) [ ! -s "$dir/settings" ] || down ;;
    start) start_part "${1:-}" ;;
    stop) end_part "${1:-}" TERM ;;
    kill) end_part "${1:-}" KILL ;;
    pid) cut -d ' ' -f 1 "$(pidfile "${1:-}")" ;;
    wipe)
        # A new cluster knows the old service account's token no more: the operator is installed anew, as it would be.
        end_part operator TERM
        "$run/apiserver.sh" wipe "$dir/apiserver"
        start_part operator
        ;;
    guest) make_guest ;;
    *) usage ;;
esac
