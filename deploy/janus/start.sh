#!/bin/sh
# Runs Janus as Trialogue needs it: makes its configuration from the files beside this one and from the environment, in a new
# directory that only this user can read. Secrets have no default: draw each with `openssl rand -hex 32`.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

: "${JANUS_API_SECRET:?as janus_api_secret of the server}"
: "${JANUS_ADMIN_SECRET:?as janus_admin_secret of the server}"
: "${JANUS_ROOM_KEY:?as janus_room_key of the server}"
JANUS_LISTEN=${JANUS_LISTEN:-127.0.0.1}
JANUS_PORT=${JANUS_PORT:-8188}
JANUS_ADMIN_PORT=${JANUS_ADMIN_PORT:-7188}
JANUS_RTP_PORTS=${JANUS_RTP_PORTS:-20000-29999}
# The address of this machine that browsers reach, if it does not bear it itself.
JANUS_PUBLIC_IP=${JANUS_PUBLIC_IP:-}
JANUS_ADDRESSES=${JANUS_ADDRESSES:-}
# http://SERVER/API/Engine/Janus/Events, and the server's janus_events_password; if empty, Janus does not report.
JANUS_EVENTS_URL=${JANUS_EVENTS_URL:-}
JANUS_EVENTS_USER=${JANUS_EVENTS_USER:-janus}
JANUS_EVENTS_PASSWORD=${JANUS_EVENTS_PASSWORD:-}
JANUS_EVENTS=$([ -n "$JANUS_EVENTS_URL" ] && echo true || echo false)

umask 077
CONFIGURATION=${JANUS_CONFIGURATION:-$(mktemp -d)}
script="$CONFIGURATION/.sed"
: >"$script"
for name in CONFIGURATION JANUS_API_SECRET JANUS_ADMIN_SECRET JANUS_ROOM_KEY JANUS_LISTEN JANUS_PORT JANUS_ADMIN_PORT \
  JANUS_RTP_PORTS JANUS_PUBLIC_IP JANUS_ADDRESSES JANUS_EVENTS JANUS_EVENTS_URL JANUS_EVENTS_USER JANUS_EVENTS_PASSWORD; do
  eval "value=\$$name"
  case $value in
    *[!A-Za-z0-9._:/,-]*) echo "$name: only letters, digits and . _ : / , - please" >&2; exit 1 ;;
    '') echo "/^[^#]*@$name@/d" >>"$script" ;;
    *) echo "/^[[:space:]]*#/!s|@$name@|$value|g" >>"$script" ;;
  esac
done
for file in "$here"/*.jcfg; do
  sed -f "$script" "$file" >"$CONFIGURATION/$(basename "$file")"
done
rm "$script"
exec janus -F "$CONFIGURATION" -C "$CONFIGURATION/janus.jcfg"
