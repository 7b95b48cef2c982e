#!/bin/bash
# build.sh: cross-builds the package for aarch64 inside the chroot that setup.sh made.
#
#   tools/arm/build.sh FOLDER [ARGUMENT...]     the arguments are those of swift build
#
# The package lies at the same path inside and outside, so that the tests find their files when they run outside.
# Dependencies are fetched by this machine's Swift and handed in as Git repositories: the chroot needs no network.
set -euo pipefail

folder=$1
shift
package=$(cd "$(dirname "$0")/../.." && pwd)
cd "$package"
swift package resolve

root=$folder/debian
mkdir -p "$root$package" .build-arm
# The package's own, since two clones may build in the chroot at the same time.
{
  printf '[safe]\n\tdirectory = *\n'
  for repository in "$package"/.build/repositories/*/; do
    url=$(git -C "$repository" config remote.origin.url)
    printf '[url "%s"]\n\tinsteadOf = %s\n' "$repository" "$url"
  done
} > .build-arm/gitconfig

# Mounts of its own, which end with the command.
# shellcheck disable=SC2016 # expanded by the inner shell
exec unshare --mount --propagation private bash -euc '
  root=$1 sysroot=$2 package=$3
  shift 3
  mount --bind "$package" "$root$package"
  mount --bind "$sysroot" "$root/sysroot"
  mount --bind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  exec chroot "$root" env -i PATH=/usr/bin HOME=/root LANG=C.UTF-8 \
    TERNBENCH_WERROR="${TERNBENCH_WERROR:-}" GIT_CONFIG_GLOBAL="$package/.build-arm/gitconfig" \
    PKG_CONFIG_LIBDIR=/sysroot/usr/lib/aarch64-linux-gnu/pkgconfig PKG_CONFIG_SYSROOT_DIR=/sysroot \
    bash -euc "cd \"\$1\" && shift && exec swift build --scratch-path .build-arm \
      --swift-sdks-path /sdk --swift-sdk arm64-trixie \"\$@\"" _ "$package" "$@"
' _ "$root" "$folder/sysroot" "$package" "$@"
