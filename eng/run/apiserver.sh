#!/usr/bin/env bash
# Runs a Kubernetes API server (etcd and kube-apiserver, RBAC on) on a folder of its own.
#
#   apiserver.sh start DIR [PORT]    PORT: chosen when free if absent; BIND=address in the environment, else 127.0.0.1
#   apiserver.sh stop DIR            ends exactly the processes it started; the data stay
#   apiserver.sh restart DIR         same ports, same data
#   apiserver.sh wipe DIR            same ports and kubeconfig, empty etcd
#   apiserver.sh sa-kubeconfig DIR NAMESPACE SERVICEACCOUNT OUT
#                                    a kubeconfig for a service account (made if it is not there), good for 24 hours
#
# DIR/kubeconfig is for an administrator; DIR/env holds KUBECONFIG, APISERVER_URL, APISERVER_TOKEN, APISERVER_CA and the pids.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || usage
verb=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
bin=$CACHE/bin
settings=$dir/settings

# settle PORT: ports, address, token, certificate and kubeconfig, once for the folder's life.
settle() {
    local bind=${BIND:-127.0.0.1} port=${1:-} host token
    if [ -s "$settings" ]; then
        [ -z "$port" ] || grep -qx "port=$port" "$settings" ||
            die "$dir belongs to an API server on another port ($(grep '^port=' "$settings")): take another folder, or that port"
        return 0
    fi
    host=$bind
    [ "$bind" != 0.0.0.0 ] || host=127.0.0.1
    [ -n "$port" ] || port=$(free_port "$host")
    token=$(openssl rand -hex 24)
    mkdir -p "$dir/certs"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=recovery-operator-apiserver \
        -addext "subjectAltName=IP:127.0.0.1,IP:$host,DNS:localhost,DNS:kubernetes.default.svc" \
        -keyout "$dir/certs/server.key" -out "$dir/certs/server.crt" 2>"$dir/certs/openssl.log" ||
        die "openssl could not make a certificate: see $dir/certs/openssl.log"
    openssl genrsa -out "$dir/certs/service-account.key" 2048 2>>"$dir/certs/openssl.log"
    printf '%s,admin,admin,system:masters\n' "$token" >"$dir/certs/tokens.csv"
    chmod 600 "$dir/certs"/*.key "$dir/certs/tokens.csv"
    write_kubeconfig "$dir/kubeconfig" "https://$host:$port" admin "$token" default
    {
        printf 'bind=%s\nhost=%s\nport=%s\ntoken=%s\n' "$bind" "$host" "$port" "$token"
        printf 'etcd_port=%s\netcd_peer_port=%s\n' "$(free_port)" "$(free_port)"
    } >"$settings"
}

# write_kubeconfig FILE URL USER TOKEN NAMESPACE
write_kubeconfig() {
    (
        umask 077
        cat >"$1" <<END
apiVersion: v1
kind: Config
clusters:
- name: recovery-operator
  cluster:
    server: $2
    certificate-authority-data: $(base64 -w 0 "$dir/certs/server.crt")
users:
- name: $3
  user:
    token: $4
contexts:
- name: recovery-operator
  context:
    cluster: recovery-operator
    user: $3
    namespace: $5
current-context: recovery-operator
END
    )
}

load_settings() {
    [ -s "$settings" ] || die "$dir has never been started: run apiserver.sh start $dir"
    # shellcheck source=/dev/null
    . "$settings"
    : "${bind:?}" "${host:?}" "${port:?}" "${token:?}" "${etcd_port:?}" "${etcd_peer_port:?}"
    url=https://$host:$port
}

etcd_ready() { curl -sf -o "$dir/probe" "http://127.0.0.1:$etcd_port/health"; }
api_ready() { curl -sf --cacert "$dir/certs/server.crt" -H "Authorization: Bearer $token" -o "$dir/probe" "$url/readyz"; }
etcd_ready_or_dead() { etcd_ready || not_running "$dir/etcd.pid"; }
api_ready_or_dead() { api_ready || not_running "$dir/kube-apiserver.pid"; }

# alive NAME: dies with the end of its log when the daemon did not stay up.
alive() {
    running "$dir/$1.pid" && return 0
    tail -n 5 "$dir/$1.log" >&2
    die "$1 ended at once: see $dir/$1.log (a port that is taken, most likely: take another folder or port)"
}

start() {
    local name
    for name in kube-apiserver etcd; do
        [ -x "$bin/$name" ] || "$ENG_DIR/setup/kube-apiserver.sh"
    done
    load_settings
    if ! running "$dir/etcd.pid"; then
        mkdir -p "$dir/etcd"
        chmod 700 "$dir/etcd"
        spawn "$dir/etcd.pid" "$dir/etcd.log" "$bin/etcd" --data-dir "$dir/etcd" --unsafe-no-fsync --logger=zap \
            --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
            --listen-peer-urls "http://127.0.0.1:$etcd_peer_port" --initial-advertise-peer-urls "http://127.0.0.1:$etcd_peer_port" \
            --initial-cluster "default=http://127.0.0.1:$etcd_peer_port"
    fi
    wait_for 30 "etcd answers" etcd_ready_or_dead
    alive etcd
    if ! running "$dir/kube-apiserver.pid"; then
        spawn "$dir/kube-apiserver.pid" "$dir/kube-apiserver.log" "$bin/kube-apiserver" \
            --etcd-servers "http://127.0.0.1:$etcd_port" \
            --bind-address "$bind" --secure-port "$port" --advertise-address "$host" --endpoint-reconciler-type none \
            --cert-dir "$dir/certs" --tls-cert-file "$dir/certs/server.crt" --tls-private-key-file "$dir/certs/server.key" \
            --token-auth-file "$dir/certs/tokens.csv" --authorization-mode RBAC --disable-admission-plugins ServiceAccount \
            --service-account-issuer https://kubernetes.default.svc \
            --service-account-key-file "$dir/certs/service-account.key" \
            --service-account-signing-key-file "$dir/certs/service-account.key" \
            --service-cluster-ip-range 10.96.0.0/16
    fi
    wait_for 60 "kube-apiserver is ready" api_ready_or_dead
    alive kube-apiserver
    cat >"$dir/env" <<END
KUBECONFIG=$dir/kubeconfig
KUBECTL=$bin/kubectl
HELM=$bin/helm
APISERVER_URL=$url
APISERVER_TOKEN=$token
APISERVER_CA=$dir/certs/server.crt
APISERVER_PID=$(cut -d ' ' -f 1 "$dir/kube-apiserver.pid")
ETCD_PID=$(cut -d ' ' -f 1 "$dir/etcd.pid")
END
    log "kube-apiserver: $url, KUBECONFIG=$dir/kubeconfig"
}

stop() {
    stop_recorded "$dir/kube-apiserver.pid"
    stop_recorded "$dir/etcd.pid"
}

sa_kubeconfig() {
    local namespace=$1 account=$2 out=$3 request answer
    load_settings
    api_ready || die "the API server of $dir does not answer: run apiserver.sh start $dir"
    admin() { "$bin/kubectl" --kubeconfig "$dir/kubeconfig" "$@"; }
    admin get namespace "$namespace" -o name >"$dir/probe" 2>&1 || admin create namespace "$namespace" >&2
    admin -n "$namespace" get serviceaccount "$account" -o name >"$dir/probe" 2>&1 ||
        admin -n "$namespace" create serviceaccount "$account" >&2
    request='{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{"expirationSeconds":86400}}'
    answer=$(admin create --raw "/api/v1/namespaces/$namespace/serviceaccounts/$account/token" -f - <<<"$request") ||
        die "the API server issued no token for the service account $namespace/$account"
    write_kubeconfig "$out" "$url" "$account" "$(jq -er .status.token <<<"$answer")" "$namespace"
}

case $verb in
    start)
        need openssl "run eng/setup/packages.sh base"
        settle "${3:-}"
        start
        ;;
    stop) stop ;;
    restart)
        stop
        start
        ;;
    wipe)
        stop
        rm -rf "$dir/etcd"
        start
        ;;
    sa-kubeconfig)
        [ $# = 5 ] || usage
        sa_kubeconfig "$3" "$4" "$5"
        ;;
    *) usage ;;
esac
