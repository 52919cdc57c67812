#!/usr/bin/env bash
# A certificate authority of its own for a demo or test, and certificates under it.
#
#   certs.sh ca DIR                      DIR/ca.crt and DIR/ca.key, once
#   certs.sh issue DIR NAME SAN[,SAN]    DIR/NAME.crt and DIR/NAME.key; SAN as in openssl: DNS:name or IP:address
#
# In production the certificates come from files or Secrets of your own making, for example by cert-manager.
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"

[ $# -ge 2 ] || usage
need openssl "apt-get install openssl"
verb=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
umask 077

authority() {
    [ ! -s "$dir/ca.crt" ] || return 0
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=recovery-operator-ca \
        -keyout "$dir/ca.key" -out "$dir/ca.crt" 2>"$dir/openssl.log" || die "no authority could be made: see $dir/openssl.log"
}

issue() {
    local name=$1 san=$2
    [ ! -s "$dir/$name.crt" ] || return 0
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name" \
        -keyout "$dir/$name.key" -out "$dir/$name.csr" 2>>"$dir/openssl.log"
    printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\nkeyUsage=digitalSignature\nbasicConstraints=CA:FALSE\n' "$san" >"$dir/$name.ext"
    openssl x509 -req -in "$dir/$name.csr" -CA "$dir/ca.crt" -CAkey "$dir/ca.key" -CAcreateserial -days 365 \
        -extfile "$dir/$name.ext" -out "$dir/$name.crt" 2>>"$dir/openssl.log" ||
        die "the certificate of $name could not be made: see $dir/openssl.log"
    rm -f "$dir/$name.csr" "$dir/$name.ext"
}

case $verb in
    ca) authority ;;
    issue)
        [ $# = 4 ] || usage
        authority
        issue "$3" "$4"
        ;;
    *) usage ;;
esac
