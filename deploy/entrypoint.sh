#!/bin/sh
# The image's commands. `exec`, so that SIGTERM reaches the process and its exit code is the container's.
set -eu
cd "$(dirname "$0")/.."

command="${1:-}"
[ $# -eq 0 ] || shift

case "$command" in
  api | worker | dashboard | sandbox) exec node "dist/apps/$command/src/main.js" ;;
  migrate) exec node dist/apps/cli/src/main.js migrate "$@" ;;
  cli) exec node dist/apps/cli/src/main.js "$@" ;;
  '') echo 'Say what to run: api, worker, dashboard, sandbox, migrate, or cli and its arguments.' >&2 ;;
  *) echo "There is no command \"$command\": use api, worker, dashboard, sandbox, migrate, or cli and its arguments." >&2 ;;
esac
exit 2
