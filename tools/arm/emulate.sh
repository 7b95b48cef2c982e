#!/bin/sh
# emulate.sh: runs a program that build.sh built, on an emulated CPU.
#
#   tools/arm/emulate.sh FOLDER CPU PROGRAM [ARGUMENT...]
#   PLUGIN=plugin.so,counts=FILE tools/arm/emulate.sh ...     hands qemu count/plugin.c, for --counters plugin
folder=$1
cpu=$2
shift 2
case ${PLUGIN:-} in
  *,counts=*) counts=${PLUGIN##*,counts=} ;;
  *) counts= ;;
esac
exec qemu-aarch64 -cpu "$cpu" ${PLUGIN:+-plugin "$PLUGIN"} -L "$folder/sysroot" \
  ${counts:+-E "TERNBENCH_PLUGIN_COUNTS=$counts"} \
  -E "LD_LIBRARY_PATH=$folder/sysroot/usr/libexec/swift/lib/swift/linux" "$@"
