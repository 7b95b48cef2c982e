#!/bin/bash
# test.sh: builds the package for aarch64 on an x86-64 machine with Debian, and runs every test on emulated CPUs.
#
#   tools/arm/test.sh [CPU...]      the CPUs are qemu's; without one, those of `tiers` below
#
# What it needs is made once in ~/.cache/ternbench-arm (TERNBENCH_ARM names another folder); setup.sh says what.
# Emulation is slow: kernels are checked on a quarter of the conformance set, unless TERNBENCH_CONFORMANCE=full.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${TERNBENCH_ARM:-${HOME:-/root}/.cache/ternbench-arm}
tiers=(
  cortex-a72          # ARMv8.0: NEON, no dotprod
  neoverse-n1         # dotprod
  max,sve-max-vq=1    # i8mm, and SVE of 128 bits,
  max,sve-max-vq=2    # 256
  max,sve-max-vq=4    # and 512
)
if [ $# -gt 0 ]; then tiers=("$@"); fi

if [ "$(uname -m)" != x86_64 ] || ! command -v apt-get > /dev/null; then
  echo "test-arm runs on x86-64 with Debian or Ubuntu; on an ARM machine, make test is the test" >&2
  exit 1
fi
if [ "$(id -u)" != 0 ]; then
  echo "test-arm makes a Debian 13 in $folder and builds there by chroot, which root alone may: sudo -E make test-arm" >&2
  exit 1
fi

stage() {
  local begin=$SECONDS
  "${@:2}" || { echo "=== arm: $1 FAILED after $((SECONDS - begin)) s" >&2; return 1; }
  echo "=== arm: $1 in $((SECONDS - begin)) s"
}

tools/need.sh swift git mmdebstrap arch-test qemu-aarch64:qemu-user
stage "set up" tools/arm/setup.sh "$folder"
stage "built" tools/arm/build.sh "$folder" -c release -Xswiftc -enable-testing --build-tests --disable-index-store

export TERNBENCH_CONFORMANCE=${TERNBENCH_CONFORMANCE:-reduced}
# Tests compile plug-ins with the first clang on PATH. A program that an emulated one starts is not emulated.
mkdir -p "$folder/bin"
printf '#!/bin/sh\nexec %s --target=aarch64-linux-gnu --sysroot=%s -fuse-ld=lld "$@"\n' \
  "$(command -v clang)" "$folder/sysroot" > "$folder/bin/clang"
chmod +x "$folder/bin/clang"
# What bench --counters plugin counts with; for qemu, so not emulated.
clang -O2 -fPIC -shared -ISources/CMachine tools/arm/count/plugin.c -o "$folder/plugin.so"
export TERNBENCH_PLUGIN=$folder/plugin.so
built=.build-arm/aarch64-unknown-linux-gnu/release
for cpu in "${tiers[@]}"; do
  TERNBENCH_EMULATOR="$PWD/tools/arm/emulate.sh $folder $cpu"
  export TERNBENCH_EMULATOR
  PATH=$folder/bin:$PATH stage "tests on $cpu (conformance $TERNBENCH_CONFORMANCE)" \
    $TERNBENCH_EMULATOR "$built/ternbenchPackageTests.xctest" --testing-library swift-testing
done
