#!/usr/bin/env bash
# The image: nothing is in it but the program, which needs nothing else. It runs there as the image's user, without
# a network, /proc or /tmp, and with those devices that it uses of the ones every container has, and writes what it writes outside.
#
#     packaging/image.sh FOLDER      # the image's context, as packaging/build.sh leaves it
#
# Needs root, and buildah, which builds what docker and podman would.
set -euo pipefail

context=$1
samples=$(dirname "$0")/../sample-logs
work=$(mktemp -d)
export BUILDAH_ISOLATION=chroot

# With a store of its own, which goes with it.
run_buildah() { buildah --root "$work/store" --runroot "$work/run" --storage-driver vfs "$@"; }

clean_up() {
    if [ -n "$container" ]; then run_buildah rm "$container" >/dev/null; fi
    rm -rf --one-file-system "$work"
}
container=
trap clean_up EXIT

if [ "$(id -u)" != 0 ] || ! command -v buildah >/dev/null; then
    echo 'Skipped: this needs root and buildah.'
    exit
fi

run_buildah build --quiet --tag hushlog "$context" >/dev/null
container=$(run_buildah from localhost/hushlog)
root=$(run_buildah mount "$container")
user=$(run_buildah inspect --format '{{.OCIv1.Config.User}}' "$container")

diff <(cd "$root" && find . -mindepth 1) <(echo ./hushlog)
[ "$user" = 65532:65532 ]
mkdir "$root/logs" "$root/statistics" "$root/dev"
mknod -m 666 "$root/dev/random" c 1 8
mknod -m 666 "$root/dev/urandom" c 1 9
cp "$samples"/*.gz "$root/logs"
chmod -R a+rX "$root/logs"
chown "$user" "$root/statistics"
unshare --net chroot --userspec="$user" "$root" /hushlog report /logs --output /statistics --quiet --no-progress
"$context/hushlog" report "$samples"/*.gz --output "$work/outside" --quiet --no-progress
rm -r "$work/outside/.state" "$root/statistics/.state"
diff --recursive --brief "$work/outside" "$root/statistics"

echo "The image holds the program alone, which writes the same as outside."
