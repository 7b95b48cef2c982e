#!/bin/bash
# setup.sh: makes what it takes to build ternbench for aarch64 and run it on an x86-64 machine with Debian.
#
#   tools/arm/setup.sh FOLDER
#
#   FOLDER/debian    Debian 13 for this machine, with its Swift 6.0.3: the cross compiler, run by chroot
#   FOLDER/sysroot   Debian 13 for arm64: the headers and libraries that are linked to; nothing in it ever runs
#                    but what qemu-user loads
# About 6 GB and two minutes of download and unpacking; a folder that is there already is kept. Needs root, for
# chroot and for files that belong to root. Ends with status 69 where there is no room or no mirror.
set -euo pipefail

folder=$1
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
suite=trixie
resources=usr/libexec/swift/lib/swift
gigabytes=7

unavailable() {
  echo "setup.sh: $1" >&2
  exit 69
}

check_room_and_mirror() {
  local free
  free=$(df --output=avail --block-size=1G "$folder" | tail -n 1)
  ((free >= gigabytes)) || unavailable "$folder has ${free// /} GB free, and $gigabytes are needed: TERNBENCH_ARM names another"
  /usr/lib/apt/apt-helper download-file "$mirror/dists/$suite/InRelease" "$folder/InRelease" > /dev/null 2>&1 \
    || unavailable "no answer from $mirror: DEBIAN_MIRROR names another"
  rm "$folder/InRelease"
}

# Unpacks under another name, so that a folder that is there is whole.
make() {
  local name=$1
  shift
  [ -e "$folder/$name" ] && return
  local begin=$SECONDS
  check_room_and_mirror
  rm -rf "$folder/$name.part"
  mmdebstrap --quiet --mode=root --format=directory "$@" "$suite" "$folder/$name.part" "$mirror"
  "finish_$name" "$folder/$name.part"
  mv "$folder/$name.part" "$folder/$name"
  echo "made $folder/$name in $((SECONDS - begin)) s"
}

finish_debian() {
  mkdir -p "$1/sysroot" "$1/source" "$1/build" "$1/repositories" "$1/sdk/arm64.artifactbundle"
  write_sdk "$1/sdk/arm64.artifactbundle"
}

# Extraction makes no links between top folders.
finish_sysroot() {
  [ -e "$1/lib" ] || ln -s usr/lib "$1/lib"
}

# What SwiftPM asks of a Swift SDK, seen from inside the chroot.
write_sdk() {
  cat > "$1/info.json" <<JSON
{"schemaVersion": "1.0", "artifacts": {"arm64-$suite": {"type": "swiftSDK", "version": "0.0.1", "variants": [{"path": "."}]}}}
JSON
  cat > "$1/swift-sdk.json" <<JSON
{"schemaVersion": "4.0", "targetTriples": {"aarch64-unknown-linux-gnu": {
  "sdkRootPath": "/sysroot", "toolsetPaths": ["toolset.json"],
  "swiftResourcesPath": "/sysroot/$resources", "swiftStaticResourcesPath": "/sysroot/${resources}_static"}}}
JSON
  cat > "$1/toolset.json" <<JSON
{"schemaVersion": "1.0", "rootPath": "/usr/libexec/swift/bin", "linker": {"path": "ld.lld"},
 "swiftCompiler": {"extraCLIOptions": ["-use-ld=lld"]}}
JSON
}

mkdir -p "$folder"
make debian --architectures=amd64 --variant=apt --include=swiftlang,libc6-dev,libstdc++-14-dev,git,lld,ca-certificates
make sysroot --architectures=arm64 --variant=extract \
  --include=swiftlang,libc6-dev,libstdc++-14-dev,libgcc-14-dev
