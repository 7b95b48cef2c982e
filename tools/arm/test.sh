#!/bin/bash
# test.sh: builds the package for aarch64 on an x86-64 machine with Debian, and tests it on emulated CPUs.
#
#   tools/arm/test.sh [--filter REGEX] [CPU...]
#
# The CPUs are qemu's; without one, those of `tiers` below. The first runs every test; the others those alone whose
# outcome a CPU can change. With a REGEX every CPU runs the tests that match it, and no others.
#
# What it needs is made once in ~/.cache/ternbench-arm (TERNBENCH_ARM names another folder); setup.sh says what. Where
# that cannot be had, it says why and exits with status 69. Emulation is slow: kernels are checked on a quarter of the
# conformance set, unless TERNBENCH_CONFORMANCE=full.
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
# What asks for an instruction set, or calls what does. Everything else runs the same instructions on every CPU.
of_cpu='^(Conformance\.(Conformance|GoldenBytesTests|QuantizerTests)|MPGEMMTests\.|DecoderTests\.(AgreementTests|TrainedModel))'

filter=
if [ "${1:-}" = --filter ]; then
  filter=$2
  shift 2
fi
if [ $# -gt 0 ]; then tiers=("$@"); fi

# As sysexits.h has it: what it takes is not to be had here.
unavailable() {
  echo "test-arm cannot run here: $1" >&2
  exit 69
}
[ "$(uname -m)" = x86_64 ] && command -v apt-get > /dev/null \
  || unavailable "it is for x86-64 with Debian or Ubuntu; on an ARM machine, make test is the test"
[ "$(id -u)" = 0 ] \
  || unavailable "it makes a Debian 13 in $folder and builds there by chroot, which root alone may: sudo -E make test-arm"

stage() {
  local begin=$SECONDS
  "${@:2}" || { echo "=== arm: $1 FAILED after $((SECONDS - begin)) s" >&2; return 1; }
  echo "=== arm: $1 in $((SECONDS - begin)) s"
}

# The Swift Testing half alone: XCTest has no test here.
run_tests() {
  local cpu=$1
  shift
  TERNBENCH_EMULATOR="$PWD/tools/arm/emulate.sh $folder $cpu"
  export TERNBENCH_EMULATOR
  PATH=$folder/bin:$PATH $TERNBENCH_EMULATOR "$built/ternbenchPackageTests.xctest" --testing-library swift-testing "$@"
}

tools/need.sh swift git mmdebstrap arch-test qemu-aarch64:qemu-user || unavailable "what is missing is said above"
status=0
stage "set up" tools/arm/setup.sh "$folder" || status=$?
[ "$status" != 69 ] || unavailable "what is missing is said above"
[ "$status" = 0 ] || exit 1
# SwiftPM finds tests by the index store, which is there in debug builds alone unless asked for.
stage "built" tools/arm/build.sh "$folder" -c release -Xswiftc -enable-testing --build-tests --enable-index-store
built=.build-arm/aarch64-unknown-linux-gnu/release

export TERNBENCH_CONFORMANCE=${TERNBENCH_CONFORMANCE:-reduced}
# Tests compile plug-ins with the first clang on PATH. A program that an emulated one starts is not emulated.
mkdir -p "$folder/bin"
printf '#!/bin/sh\nexec %s --target=aarch64-linux-gnu --sysroot=%s -fuse-ld=lld "$@"\n' \
  "$(command -v clang)" "$folder/sysroot" > "$folder/bin/clang"
chmod +x "$folder/bin/clang"

for cpu in "${tiers[@]}"; do
  if [ -n "$filter" ]; then
    stage "tests of $filter on $cpu (conformance $TERNBENCH_CONFORMANCE)" run_tests "$cpu" --filter "$filter"
  elif [ "$cpu" = "${tiers[0]}" ]; then
    stage "every test on $cpu (conformance $TERNBENCH_CONFORMANCE)" run_tests "$cpu"
  else
    stage "tests that a CPU can change, on $cpu (conformance $TERNBENCH_CONFORMANCE)" run_tests "$cpu" --filter "$of_cpu"
  fi
done
