#!/bin/sh
# inroot.sh ROOT FOLDER USER COMMAND... - becomes the command inside ROOT, with FOLDER seen as /mnt.
# Runs in a mount namespace of its own (unshare --mount --propagation private): every mount made here
# ends with the command, so that a folder deleted later never holds a mount.
set -eu
root=$1 folder=$2 user=$3
shift 3
mount --bind "$folder" "$root/mnt"
if [ "$root" != / ]; then
  mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
  for node in null zero random urandom; do
    : >"$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir -m 1777 "$root/dev/shm"
fi
cd /
exec chroot --userspec="$user" "$root" "$@"
