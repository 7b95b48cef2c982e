#!/bin/bash
# run.sh: runs the AMX kernels on a machine that has no AMX, in an emulated one that has.
#
#   tools/amx/run.sh FOLDER
#
# Boots Debian's kernel in Bochs, whose Sapphire Rapids has AMX, with the release build of ternbench in its
# initial file system. The guest asks for AMX as on any Linux, verifies the kernels, counts their instructions
# twice and writes text with them; guest.sh says what. All of it is emulated: no speed means anything.
#
# Bochs is built from Debian 13's source with bochs.patch, which says what has to be mended first.
# FOLDER keeps what was downloaded and built, about 350 MB. Nothing is installed there as root.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/tools/amx
built=$root/.build/release
mkdir -p "$1"
folder=$(cd "$1" && pwd)
# The kernel of Debian 12 is compressed by LZ4, which takes an emulated CPU seconds and not minutes.
kernel_suite=bookworm
bochs_suite=trixie
seconds=1800

apt_folder=$folder
apt_caller=test-amx
# shellcheck source=tools/apt.sh
source "$root/tools/apt.sh"

download() {
  [ -e "$folder/files/done" ] && return
  rm -rf "$folder/files" "$folder/debs"
  mkdir -p "$folder/files" "$folder/debs"
  apt_configure "$kernel_suite" amd64
  apt_fetch download -q "$(apt_dependency linux-image-cloud-amd64 linux-image-)"
  apt_configure "$bochs_suite" amd64
  apt_fetch download -q bochsbios vgabios isolinux syslinux-common busybox-static
  apt_fetch source -q --tar-only --download-only bochs=3.0+dfsg-1
  local deb
  for deb in "$folder"/debs/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" \
      | tar -x -C "$folder/files" --wildcards './boot/vmlinuz*' './usr/share/bochs/*' './usr/share/vgabios/*' \
        './usr/lib/ISOLINUX/isolinux.bin' './usr/lib/syslinux/modules/bios/ldlinux.c32' './usr/bin/busybox' \
        2> /dev/null || true
  done
  ls "$folder"/files/{boot/vmlinuz*,usr/share/bochs/BIOS-bochs-latest,usr/share/vgabios/vgabios.bin,usr/bin/busybox} > /dev/null
  rm -rf "$folder/apt"  # 230 MB of lists
  touch "$folder/files/done"
}

# Bochs without a display, with what its Sapphire Rapids needs and nothing else.
build_bochs() {
  cmp -s "$here/bochs.patch" "$folder/bochs/patch" && return
  rm -rf "$folder/bochs"
  mkdir "$folder/bochs"
  tar -x -C "$folder/bochs" --strip-components=1 -f "$folder"/debs/bochs_*.orig.tar.*
  (
    cd "$folder/bochs"
    patch -s -p1 < "$here/bochs.patch"
    export CFLAGS='-O2 -w' CXXFLAGS='-O2 -w'
    ./configure --with-nogui --disable-docbook --disable-readline --disable-show-ips --enable-cpu-level=6 --enable-x86-64 --enable-fpu \
      --enable-avx --enable-evex --enable-amx --enable-cet --enable-uintr --enable-protection-keys --enable-vmx=2 \
      --enable-smp --enable-pci --enable-memtype --enable-monitor-mwait --enable-alignment-check \
      --enable-x86-debugger --enable-all-optimizations --enable-repeat-speedups
    make -j"$(nproc)" bochs
  ) > "$folder/bochs.log" 2>&1 || {
    tail -n 5 "$folder/bochs.log" >&2
    echo "test-amx: Bochs cannot be built; $folder/bochs.log says all" >&2
    exit 1
  }
  cp "$here/bochs.patch" "$folder/bochs/patch"
}

# The C checks and the census, with the very object files of the program's kernels.
build_checks() {
  local objects sources
  mapfile -t objects < <(find -L "$built/CKernels.build" -name '*.o')
  clang -std=c11 -O2 -Wall -Wextra -Werror -I"$root/kernels" -I"$root/kernels/include" -o "$folder/tiles" \
    "$here/tiles.c" "${objects[@]}" -lm -lpthread
  mapfile -t objects < <(find -L "$built"/{MPGEMM,Machine,CKernels,CMachine}.build -name '*.o')
  mapfile -t sources < <(find "$root/Tests/CensusTests" -name '*.swift' ! -name '*Tests.swift')
  swiftc -O -swift-version 6 -parse-as-library -module-name census -I "$built/Modules" \
    -Xcc -fmodule-map-file="$built/CKernels.build/module.modulemap" \
    -Xcc -fmodule-map-file="$built/CMachine.build/module.modulemap" \
    -o "$folder/census" "$here/census.swift" "${sources[@]}" "${objects[@]}"
}

pack() {
  local guest=$folder/initramfs program
  rm -rf "$guest" "$folder/iso"
  mkdir -p "$guest"/{bin,dev,proc,sys,tmp,expected} "$folder/iso"
  cp "$here/guest.sh" "$guest/init"
  cp "$folder/files/usr/bin/busybox" "$built/ternbench" "$folder/tiles" "$folder/census" "$guest/bin/"
  strip "$guest/bin/ternbench" "$guest/bin/tiles"
  cp "$root/Tests/CensusTests/Instructions/opcodes.csv" "$guest/"
  for program in "$guest"/bin/{ternbench,tiles,census}; do
    ldd "$program" | grep -o '/[^ ]*' | xargs -I{} cp -L --parents {} "$guest"
  done
  printf '%s' "To be, or not to be, that is the question: whether 'tis nobler in the mind to suffer" > "$guest/expected/prompt"
  "$built/ternbench" generate --kernel planar2_portable -p "$(cat "$guest/expected/prompt")" -n 16 \
    > "$guest/expected/text" 2> /dev/null
  (cd "$guest" && find . | cpio --quiet -o -H newc) > "$folder/iso/initrd.img"
  cp "$folder"/files/boot/vmlinuz* "$folder/iso/vmlinuz"
  cp "$folder/files/usr/lib/ISOLINUX/isolinux.bin" "$folder/files/usr/lib/syslinux/modules/bios/ldlinux.c32" "$folder/iso/"
  cat > "$folder/iso/isolinux.cfg" <<'CONF'
default amx
label amx
  kernel vmlinuz
  append initrd=initrd.img console=ttyS0,115200 quiet edd=off acpi=off nokaslr mitigations=off random.trust_cpu=on panic=-1 reboot=triple
CONF
  genisoimage -quiet -o "$folder/amx.iso" -b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table \
    "$folder/iso"
}

boot() {
  # MISC_ENABLE: strings are fast, which Linux takes for granted of this CPU. ACPI is off, since Bochs's system
  # management mode ends it. Not so many instructions a second that no timer interrupts a kernel among its tiles.
  echo '0x1a0 0 00000000 00000001 00000000 00000000 00000000 00000000' > "$folder/msrs.def"
  cat > "$folder/bochsrc" <<CONF
display_library: nogui
cpu: model=sapphire_rapids, count=1, ips=20000000, reset_on_triple_fault=0, ignore_bad_msrs=1, msrs=$folder/msrs.def
memory: guest=1024, host=1024
romimage: file=$folder/files/usr/share/bochs/BIOS-bochs-latest, options=fastboot
vgaromimage: file=$folder/files/usr/share/vgabios/vgabios.bin
ata0-master: type=cdrom, path=$folder/amx.iso, status=inserted
boot: cdrom
clock: sync=none
log: $folder/bochs-run.log
info: action=ignore
panic: action=fatal
com1: enabled=1, mode=file, dev=$folder/output.txt
CONF
  : > "$folder/output.txt"
  timeout -k 10 "$seconds" "$folder/bochs/bochs" -q -f "$folder/bochsrc" < /dev/null > /dev/null 2>&1 &
  tail -n +1 -f --pid=$! "$folder/output.txt" | tr -d '\r'
}

echo "test-amx: everything below runs on an EMULATED CPU (Bochs 3.0, Sapphire Rapids): no time in it means anything"
download
build_bochs
build_checks
pack
boot
if grep -q '^test-amx: passed' "$folder/output.txt"; then
  exit 0
fi
echo "test-amx: the guest did not report success; its output is above, the emulator's in $folder/bochs-run.log" >&2
exit 1
