#!/bin/bash
# run.sh: proves the hardware counter path on a machine that has none, in an emulated one that has.
#
#   tools/pmu/run.sh FOLDER
#
# Boots Debian's arm64 kernel in qemu-system-aarch64, whose CPU has an emulated PMUv3, with the C kernels, the
# C side of module Machine (PAPI, perf_event, single-stepping) and Debian's libpapi in its initial file
# system. The guest counts each kernel's instructions in three ways and compares them. What it counts is
# emulated: it says nothing of any silicon, and its cycles nothing at all.
#
# FOLDER keeps what was downloaded, about 30 MB. Nothing is installed there as root.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
# The kernel of Debian 12 is one that qemu 7 can boot as it is; the PAPI of Debian 13 is the first that knows the
# emulated CPU's events by their preset names.
kernel_suite=bookworm
library_suite=trixie
seconds=300

apt_folder=$folder
apt_caller=test-pmu
# shellcheck source=tools/apt.sh
source "$root/tools/apt.sh"

download() {
  [ -e "$folder/guest/done" ] && return
  rm -rf "$folder/guest" "$folder/debs"
  mkdir -p "$folder/guest" "$folder/debs"
  apt_configure "$kernel_suite" arm64
  apt_fetch download -q "$(apt_dependency linux-image-cloud-arm64 linux-image-)"
  apt_configure "$library_suite" arm64
  apt_fetch download -q "$(apt_dependency libpapi-dev libpapi)" libpfm4 libc6
  local deb
  for deb in "$folder"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" \
      | tar -x -C "$folder/guest" --wildcards --exclude='*/modules/*' './boot/vmlinuz*' './lib/*' './usr/lib/*' \
        2> /dev/null || true
  done
  ls "$folder"/guest/boot/vmlinuz* > /dev/null
  touch "$folder/guest/done"
}

# The kernels and Machine's own C, as the package builds them.
build() {
  local flags=(-std=c11 -O3 -ffp-contract=off -Wall -Wextra -Werror -Wno-unknown-pragmas)
  flags+=(-I"$root/kernels" -I"$root/kernels/include" -I"$root/Sources/CMachine/include")
  mapfile -t sources < <(find "$root/kernels" "$root/Sources/CMachine" -name '*.c' | sort)
  aarch64-linux-gnu-gcc "${flags[@]}" -o "$folder/init" "$root/tools/pmu/guest.c" "${sources[@]}" -lm -ldl -lpthread
}

pack() {
  rm -rf "$folder/initramfs"
  mkdir -p "$folder"/initramfs/{proc,sys,lib,dev}
  cp "$folder/init" "$folder/initramfs/init"
  local name file
  for name in ld-linux-aarch64.so.1 libc.so.6 libm.so.6 libdl.so.2 libpthread.so.0 'libpapi.so.*' 'libpfm.so.*'; do
    # shellcheck disable=SC2086 # a pattern
    file=$(find "$folder/guest" -name $name | head -n 1)
    cp -L "$file" "$folder/initramfs/lib/"
    local soname
    soname=$(aarch64-linux-gnu-readelf -d "$file" | sed -n 's/.*SONAME.*\[\(.*\)\]/\1/p')
    [ -z "$soname" ] || [ -e "$folder/initramfs/lib/$soname" ] || ln -s "$(basename "$file")" "$folder/initramfs/lib/$soname"
  done
  (cd "$folder/initramfs" && find . | cpio --quiet -o -H newc) > "$folder/initramfs.cpio"
}

boot() {
  # One virtual nanosecond an instruction: only so does the emulator count instructions.
  timeout "$seconds" qemu-system-aarch64 -M virt -cpu neoverse-n1 -m 1024 -nic none -icount shift=0 \
    -nographic -no-reboot -kernel "$(find "$folder/guest/boot" -name 'vmlinuz*' | head -n 1)" \
    -initrd "$folder/initramfs.cpio" -append "console=ttyAMA0 quiet panic=-1" < /dev/null \
    | tr -d '\r' | tee "$folder/output.txt"
}

download
build
pack
boot
if grep -q '^test-pmu: passed' "$folder/output.txt"; then
  exit 0
fi
echo "test-pmu: the guest did not report success; its output is above" >&2
exit 1
