#!/bin/bash
# test.sh: builds the package for aarch64 on an x86-64 machine with Debian, and tests it on emulated CPUs.
#
#   tools/arm/test.sh                        every test on the first of `tiers`, on the others what a CPU can change
#   tools/arm/test.sh --of-cpu               what a CPU can change, on each
#   tools/arm/test.sh CPU...                 every test on these of qemu's CPUs
#   tools/arm/test.sh --filter REGEX CPU...  the tests that match, on these
#
# What it needs is made once in ~/.cache/ternbench-arm (TERNBENCH_ARM names another folder); setup.sh says what. Where
# that cannot be had, it says why and ends with status 69. Emulation is slow: kernels are checked on a quarter of the
# conformance set, unless TERNBENCH_CONFORMANCE=full.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${TERNBENCH_ARM:-${HOME:-/root}/.cache/ternbench-arm}
# Each with the instruction sets whose kernels run there as they did on none before: the others' instructions are the
# same on every CPU, and so is what they give.
tiers=(
  "cortex-a72"                # ARMv8.0: NEON, no dotprod
  "neoverse-n1 dotprod"
  "max,sve-max-vq=1 i8mm,sve" # SVE of 128 bits,
  "max,sve-max-vq=2 sve"      # 256
  "max,sve-max-vq=4 sve"      # and 512
)
# The tests that call what only some CPUs have.
of_cpu='^(Conformance\.(Conformance|GoldenBytesTests|QuantizerTests)/|DecoderTests\.(AgreementTests/lossless|TrainedModelKernelTests/aLossless))'

# As sysexits.h has it: what this takes is not to be had here.
unavailable() {
  echo "test-arm cannot run here: $1" >&2
  exit 69
}

stage() {
  local begin=$SECONDS status=0
  "${@:2}" || status=$?
  if ((status == 69)); then
    exit 69
  elif ((status)); then
    echo "=== arm: $1 FAILED after $((SECONDS - begin)) s" >&2
    return "$status"
  fi
  echo "=== arm: $1 in $((SECONDS - begin)) s"
}

# Every test is one of Swift Testing's, so its half of the runner suffices.
run_tests() {
  local cpu=$1
  shift
  TERNBENCH_EMULATOR="$PWD/tools/arm/emulate.sh $folder $cpu"
  export TERNBENCH_EMULATOR
  PATH=$folder/bin:$PATH $TERNBENCH_EMULATOR \
    .build-arm/aarch64-unknown-linux-gnu/release/ternbenchPackageTests.xctest --testing-library swift-testing "$@"
}

# Tests compile plug-ins with the first clang on PATH. A program that an emulated one starts is not emulated.
write_cross_clang() {
  mkdir -p "$folder/bin"
  printf '#!/bin/sh\nexec %s --target=aarch64-linux-gnu --sysroot=%s -fuse-ld=lld "$@"\n' \
    "$(command -v clang)" "$folder/sysroot" > "$folder/bin/clang"
  chmod +x "$folder/bin/clang"
}

filter=
case ${1:-} in
  --of-cpu)
    filter=$of_cpu
    shift
    ;;
  --filter)
    filter=$2
    shift 2
    ;;
esac
if [ $# -gt 0 ]; then tiers=("$@"); fi

[ "$(uname -m)" = x86_64 ] && command -v apt-get > /dev/null \
  || unavailable "it is for x86-64 with Debian or Ubuntu; on an ARM machine, make test is the test"
[ "$(id -u)" = 0 ] \
  || unavailable "it makes a Debian 13 in $folder and builds there by chroot, which root alone may: sudo -E make test-arm"
unshare --mount true 2> /dev/null || unavailable "this root may not mount anything, as in most containers; use a machine"
tools/need.sh swift git clang ld.lld:lld mmdebstrap arch-test qemu-aarch64:qemu-user \
  || unavailable "apt-get installs none of what is missing: mmdebstrap, arch-test and qemu-user, beside git, clang and lld"

stage "set up" tools/arm/setup.sh "$folder"
# With SwiftPM's index, which is how it finds tests.
stage "built" tools/arm/build.sh "$folder" -c release -Xswiftc -enable-testing --build-tests
write_cross_clang
# What bench --counters plugin counts with; for qemu, so not emulated.
clang -O2 -fPIC -shared -ISources/CMachine tools/arm/count/plugin.c -o "$folder/plugin.so"
export TERNBENCH_PLUGIN=$folder/plugin.so

export TERNBENCH_CONFORMANCE=${TERNBENCH_CONFORMANCE:-reduced}
for tier in "${tiers[@]}"; do
  read -r cpu isa <<< "$tier"
  if [ -n "$isa" ]; then export TERNBENCH_ISA=$isa; else unset TERNBENCH_ISA; fi
  tests=$filter
  if [ -n "$isa" ]; then tests=${filter:-$of_cpu}; fi
  what=${tests:-every test}
  if [ "$tests" = "$of_cpu" ]; then what="what a CPU can change"; fi
  stage "$what${isa:+ and kernels of $isa} on $cpu (conformance $TERNBENCH_CONFORMANCE)" \
    run_tests "$cpu" ${tests:+--filter "$tests"}
done
