#!/bin/sh
# The Littlest JupyterHub for a class: its settings, the course, and who may log in.
# Once, as root, after its installer; again to add names or after an update of the course:
#   sudo sh tljh.sh HOST E-MAIL INSTRUCTOR NAMES-FILE
# HOST is the name of this machine in the internet, E-MAIL goes to Let's Encrypt,
# NAMES-FILE has one name of a learner a line. Everybody chooses a password at the first
# login. README.md says how to log in otherwise.
set -eu
export LC_ALL=C # a-z is what it says
stop() {
  echo "$1" >&2
  exit 2
}
[ $# -eq 4 ] || stop "usage: sudo sh tljh.sh HOST E-MAIL INSTRUCTOR NAMES-FILE"
host=$1 mail=$2 instructor=$3 names=$4
prefix=${TLJH_INSTALL_PREFIX:-/opt/tljh}
here=$(cd "$(dirname "$0")" && pwd)
course=$(cd "$here/../.." && pwd)
set_() { "$prefix/hub/bin/tljh-config" "$@"; }

[ -r "$names" ] || stop "There is no file $names with the names of the learners."
[ -s "$names" ] || stop "$names is empty: without names, anybody could log in."
grep -qvE '^[a-z][a-z0-9_-]{0,30}$' "$names" &&
  stop "$names: one name a line, of a-z, 0-9, - and _, and nothing else."
[ -x "$prefix/hub/bin/tljh-config" ] || stop "Install The Littlest JupyterHub first."
[ -d "$prefix/config" ] && [ -w "$prefix/config" ] || stop "This needs root: sudo."

echo "The course and its packages: some minutes."
pip="$prefix/user/bin/python -m pip install --quiet"
$pip --require-hashes -r "$course/requirements.lock"
$pip --no-deps --no-build-isolation --force-reinstall "$course"

# Limits, environment and the start of a learner's server stand in course_hub.py.
mkdir -p "$prefix/config/jupyterhub_config.d"
ln -sf "$here/course_hub.py" "$prefix/config/jupyterhub_config.d/course_hub.py"

set_ set services.cull.timeout 3600
set_ set services.cull.every 300
set_ set https.enabled true
set_ set https.letsencrypt.email "$mail"
for list in https.letsencrypt.domains users.allowed users.admin; do
  set_ unset $list 2>/dev/null || true # add-item adds what is there a second time
done
set_ add-item https.letsencrypt.domains "$host"
set_ add-item users.admin "$instructor"
while read -r name; do
  set_ add-item users.allowed "$name"
done <"$names"
set_ reload
set_ reload proxy
