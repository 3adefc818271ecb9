#!/bin/sh
# launch.sh PIDFILE COMMAND... - records its own pid and start time, then becomes the command.
# It starts only while PIDFILE.want exists: whoever removes that file and then reads PIDFILE either
# finds the engine's pid or knows that none will start, however the starter was interrupted.
set -eu
pidfile=$1
shift
start_ticks() {
  stat=$(cat "/proc/$1/stat")
  # shellcheck disable=SC2086
  set -- ${stat##*) }
  echo "${20}"
}
echo "$$ $(start_ticks $$)" >"$pidfile.new"
mv -f "$pidfile.new" "$pidfile"
[ -e "$pidfile.want" ] || exit 0
exec "$@"
