#!/bin/sh
# bootstrap.sh [engines] [browser] - makes .venv hold exactly what deploy/requirements/dev.txt locks; with "engines"
# also sees to the programs that the engines without Docker need, with "browser" to what tests of screens need. Quick when there is nothing to do.
# The packages come from wherever this machine's pip and apt are set to fetch from.
set -eu

project=$(cd "$(dirname "$0")/.." && pwd)
lock=$project/deploy/requirements/dev.txt
venv=$project/.venv
cache=${XDG_CACHE_HOME:-$HOME/.cache}/gaswatch
venv_mb=700

fail() {
  echo "$1" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# Installs Debian packages when this is root on a machine with apt; else says what is missing ($1) in one sentence.
missing() {
  what=$1
  shift
  if [ "$(id -u)" != 0 ] || ! have apt-get; then
    fail "$what is missing: install it (on Debian, as root: apt-get install $*)."
  fi
  echo "installing $* with apt"
  log=$(mktemp)
  if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
    reason=$(grep -m1 '^E:' "$log" || tail -n 1 "$log")
    rm -f "$log"
    fail "$what is missing, and apt could not install $*: $reason"
  fi
  rm -f "$log"
}

find_python() {
  python=
  for candidate in python3 python3.13 python3.12 python3.11; do
    if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; then
      python=$candidate
      return
    fi
  done
}

# Prints the digest of the lock, of the Python and of its place.
key() {
  "$1" - "$lock" <<'PY'
import hashlib, sys
with open(sys.argv[1], "rb") as lock:
    content = lock.read()
print(hashlib.sha256(content + f"{sys.version_info[:2]}{sys.base_prefix}".encode()).hexdigest()[:16])
PY
}

# Whether the environment of the Python $1 holds each package at the locked version.
satisfies() {
  "$1" - "$lock" <<'PY'
import re, sys
from importlib import metadata

if not (3, 11) <= sys.version_info[:2] < (3, 14):
    sys.exit(1)
for line in open(sys.argv[1], encoding="utf-8"):
    pin = re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)(?:\s*;\s*(.*?))?\s*\\?$", line)
    if pin is None:
        continue
    try:
        if metadata.version(pin[1]) != pin[2]:
            sys.exit(1)
    except metadata.PackageNotFoundError:
        if not pin[3]:
            sys.exit(1)
PY
}

install() {
  log=$1.log
  if ! "$1/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --require-hashes -r "$lock" >"$log" 2>&1; then
    reason=$(grep -m1 -iE 'no space left|^ERROR' "$log" || tail -n 1 "$log")
    rm -f "$log"
    fail "The Python packages could not be installed: $reason"
  fi
  rm -f "$log"
}

# Builds under another name and renames at the end, so that an interruption leaves nothing half-done.
build() {
  target=$1
  mkdir -p "$cache" 2>/dev/null || fail "The cache folder $cache cannot be created."
  (: >>"$cache/venv.lock") 2>/dev/null || fail "The cache folder $cache cannot be written."
  exec 9>>"$cache/venv.lock"
  if have flock; then flock 9; fi
  if [ -x "$target/bin/python" ]; then return; fi
  rm -rf "$target" "$cache"/venv-*.tmp
  free_mb=$(($(df -Pk "$cache" | awk 'NR == 2 { print $4 }') / 1024))
  if [ "$free_mb" -lt "$venv_mb" ]; then
    fail "The cache folder $cache has $free_mb MB free and needs $venv_mb MB: make room, or set XDG_CACHE_HOME to a folder on another disk."
  fi
  echo "installing the Python packages in $target (once)"
  part=$target.tmp
  trap 'rm -rf "$part" "$part.log"' EXIT
  trap 'exit 130' INT TERM HUP
  "$python" -m venv "$part" || fail "A virtual environment cannot be created in $cache."
  install "$part"
  # Scripts name the folder that they were installed in.
  grep -lIF "$part" "$part"/bin/* "$part/pyvenv.cfg" 2>/dev/null | while read -r file; do
    sed -i "s|$part|$target|g" "$file"
  done
  mv "$part" "$target"
  trap - EXIT INT TERM HUP
  exec 9>&-
}

ensure_venv() {
  if [ -d "$venv" ] && [ ! -L "$venv" ]; then
    # Somebody's own environment: brought up to the lock where it stands, never replaced.
    if ! satisfies "$venv/bin/python"; then
      "$venv/bin/python" -m pip --version >/dev/null 2>&1 ||
        fail "The folder .venv does not hold what deploy/requirements/dev.txt locks and has no pip: remove it and run this again."
      echo "bringing .venv up to deploy/requirements/dev.txt"
      install "$venv"
    fi
    return
  fi
  find_python
  if [ -z "$python" ]; then
    missing "A Python from 3.11 to 3.13 with its venv module" python3 python3-venv
    find_python
    [ -n "$python" ] || fail "A Python from 3.11 to 3.13 with its venv module is missing: this system has none to install."
  fi
  target=$cache/venv-$(key "$python")
  if ! "$target/bin/python" -c '' 2>/dev/null; then
    rm -rf "$target"
    build "$target"
  fi
  if [ "$(readlink "$venv" 2>/dev/null)" != "$target" ]; then
    ln -sfn "$target" "$venv"
  fi
}

# Asked before anything is fetched: nobody should wait for packages to learn this.
ensure_root() {
  [ "$(id -u)" = 0 ] || fail "The engines need root (for their mount namespace) or Docker: use sudo, or ENGINES=docker."
}

ensure_programs() {
  [ -z "${JAVA_HOME:-}" ] || [ -x "$JAVA_HOME/bin/java" ] ||
    fail "JAVA_HOME names $JAVA_HOME, which holds no bin/java: correct it, or unset it."
  have java || [ -x "${JAVA_HOME:-}/bin/java" ] || missing "Java 17 or newer" default-jre-headless
  have mvn || missing "Maven, which fetches Apache Kafka," maven
  have unshare || missing "unshare" util-linux
  if ! grep -q '^VERSION_ID="13"' /etc/os-release 2>/dev/null || ! grep -q '^ID=debian' /etc/os-release; then
    have debootstrap || missing "debootstrap, which fetches Mosquitto and PostgreSQL 17," debootstrap debian-archive-keyring
  fi
}

ensure_browser() {
  have chromium || missing "Chromium, in which the screens are tested," chromium
  PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -q 'libatomic\.so\.1' || missing "libatomic, which the driver of the browser needs," libatomic1
  fc-list ":lang=zh" 2>/dev/null | grep -q . || missing "A Chinese font" fonts-noto-cjk fontconfig
}

case " $* " in *" engines "*) ensure_root ;; esac
ensure_venv
for part in "$@"; do
  case $part in
  engines) ensure_programs ;;
  browser) ensure_browser ;;
  esac
done
