#!/usr/bin/env bash
# The main job on one machine: a running VM is protected by kubectl apply, its host dies, and kubectl apply brings it up on another host
# with its data. Ends with an error if anything of this is not so, and leaves nothing running.
#
#   make demo                       libvirt hosts; falls back to images, and says why, where libvirt cannot run
#   make demo HYPERVISOR=images     raw images and a small writer process instead of a hypervisor
#   KEEP=DIR                        keep logs and disks in DIR
set -euo pipefail
# shellcheck source=eng/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=eng/demo/steps.sh
. "$(dirname "$0")/steps.sh"

hypervisor=${HYPERVISOR:-libvirt}
began=$SECONDS
case $hypervisor in
    libvirt | images) ;;
    *) die "HYPERVISOR=$hypervisor is not known: use libvirt or images" ;;
esac

title "Set-up"
if [ "$hypervisor" = libvirt ]; then
    "$ENG_DIR/setup/all.sh" apiserver azurite guest
    if ! reason=$("$ENG_DIR/run/libvirt-host.sh" check 2>&1); then
        say "libvirt cannot run here, so raw images take its place: $reason"
        hypervisor=images
    fi
else
    "$ENG_DIR/setup/all.sh" apiserver azurite
fi
export RECOVERY_OPERATOR_CONFIGURATION=${DEMO_CONFIGURATION:-Release} LEADER_ELECTION=true
build
open_folder
trap close_folder EXIT

title "Two hosts, a blob service, an API server, two host agents, a vault agent and an operator, each a process of its own"
start_world
title "A machine with two disks runs on host A and writes a numbered, checksummed heartbeat to both"
"$ENG_DIR/run/world.sh" guest "$folder"
title "kubectl apply: protect it"
apply 01-sites
apply 02-protection
follow_protection
wait_for_points 2

title "Proof: a recovery point equals the source, bit for bit, by qemu-img and curl"
prove_point

title "Disaster: host A is gone without warning"
lose_host_a
title "kubectl apply: recover it on host B"
apply 03-failover
follow_failover
judge_recovery
title "kubectl apply: commit; and the same operation once more, which must do nothing"
prove_once

title "Result"
report
say "All of it held. Took $((SECONDS - began)) s."
