#!/bin/bash
# count.sh: counts the instructions and loads of every kernel, on this x86-64 machine and on emulated ARM.
#
#   tools/arm/count.sh [PAGE]      writes reports/arm-x86.md, or PAGE; TERNBENCH_ARM as in test.sh, after which it runs
#
# ARM's counts are those of qemu-user with count/plugin.c, x86's those of single-stepping. Either is exact and the
# same in every run; neither says anything of time, cycles or energy.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${TERNBENCH_ARM:-${HOME:-/root}/.cache/ternbench-arm}
page=${1:-reports/arm-x86.md}
tools/need.sh swift clang qemu-aarch64:qemu-user
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

clang -O2 -fPIC -shared -ISources/CMachine tools/arm/count/plugin.c -o "$here/plugin.so"
tools/arm/build.sh "$folder" -c release --product ternbench
swift build -c release --product ternbench

# One thread's rows, decode and prefill. On x86 single-stepping gives portable C up, after ten seconds a kernel, where
# there are several tokens; its times are of no use here, and taken as briefly as can be.
cases=(--shape 32x1x1280 --shape 32x128x1280 --cache hot --min-time 0.001 --out "$here/results")
runs=("$(.build/release/ternbench bench --counters step "${cases[@]}")")
for cpu in cortex-a72 neoverse-n1 max,sve-max-vq=1 max,sve-max-vq=2 max,sve-max-vq=4; do
  runs+=("$(PLUGIN=$here/plugin.so,counts=$here/counts tools/arm/emulate.sh "$folder" "$cpu" \
    .build-arm/aarch64-unknown-linux-gnu/release/ternbench bench --counters plugin --in-process "${cases[@]}")")
done
.build/release/ternbench report --out "$here/reports" "${runs[@]}" | tail -n 1 | xargs -I {} cp {} "$page"
echo "$page"
