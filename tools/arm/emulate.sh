#!/bin/sh
# emulate.sh: runs a program that build.sh built, on an emulated CPU.
#
#   tools/arm/emulate.sh FOLDER CPU PROGRAM [ARGUMENT...]     PLUGIN=... hands qemu a plug-in
folder=$1
cpu=$2
shift 2
exec qemu-aarch64 -cpu "$cpu" ${PLUGIN:+-plugin "$PLUGIN"} -L "$folder/sysroot" \
  -E "LD_LIBRARY_PATH=$folder/sysroot/usr/libexec/swift/lib/swift/linux" "$@"
