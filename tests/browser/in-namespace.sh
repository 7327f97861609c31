#!/bin/sh
# Runs a program in a network of its own, where Janus has an address to offer: it never offers that of a loopback device, and
# 127.9.9.9 on another device is reached from nowhere else. Needs root, or a kernel that lets users have namespaces.
set -eu
if [ "$(id -u)" = 0 ]; then own=--net; else own='--map-root-user --net'; fi
# shellcheck disable=SC2086
exec unshare $own sh -euc '
ip link set lo up
ip link add vmed0 type veth peer name vmed1
ip addr add 127.9.9.9/32 dev vmed0
ip link set vmed0 up
ip link set vmed1 up
exec "$@"' sh "$@"
