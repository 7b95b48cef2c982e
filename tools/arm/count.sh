#!/bin/bash
# count.sh: counts the instructions and loads of every kernel, on this x86-64 machine and on emulated ARM.
#
#   tools/arm/count.sh > reports/arm-x86.md       TERNBENCH_ARM as in test.sh, after which it runs
#
# ARM's counts are those of qemu-user with count/plugin.c, x86's those of single-stepping. Either is exact and the
# same in every run; neither says anything of time, cycles or energy.
set -euo pipefail
cd "$(dirname "$0")/../.."

folder=${TERNBENCH_ARM:-${HOME:-/root}/.cache/ternbench-arm}
shape=(32 1280 1 128)  # M, K, and the numbers of tokens
tools/need.sh swift objdump:binutils qemu-aarch64:qemu-user
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

flags=(-O3 -std=gnu11 -ffp-contract=off -Ikernels/include -Ikernels)
sources=(kernels/*.c kernels/*/*.c tools/arm/count/kernels.c)

clang -O2 -fPIC -shared tools/arm/count/plugin.c -o "$here/plugin.so"
clang --target=aarch64-linux-gnu --sysroot="$folder/sysroot" -fuse-ld=lld "${flags[@]}" "${sources[@]}" \
  -lm -o "$here/kernels-arm"
for cpu in cortex-a72 neoverse-n1 max,sve-max-vq=1 max,sve-max-vq=2 max,sve-max-vq=4; do
  PLUGIN=$here/plugin.so,counts=$here/counts tools/arm/emulate.sh "$folder" "$cpu" \
    "$here/kernels-arm" "$here/counts" "${shape[@]}" > "$here/$cpu.csv"
done

clang -no-pie "${flags[@]}" -ISources/CMachine/include "${sources[@]}" Sources/CMachine/step*.c \
  -lm -o "$here/kernels-x86"
# A memory operand is read unless it is the last one of a move; these are AT&T's operands.
objdump -d --no-show-raw-insn "$here/kernels-x86" | awk '
  $1 ~ /^[0-9a-f]+:$/ && /\(/ && $2 !~ /^(lea|nop|prefetch|data16|cs|call|jmp)/ {
    gsub(/\{[^}]*\}/, "")
    stores = $2 ~ /^(v?mov|vextract|vpextr|vpmov|vcvtps2ph|set|kmov|cvt|vcvt)/ && $NF ~ /\)$/
    if (!stores) print substr($1, 1, length($1) - 1)
  }' > "$here/loads"
"$here/kernels-x86" "$here/loads" "${shape[@]}" > "$here/x86.csv"

cat <<MARKDOWN
# Every kernel on x86 and ARM, in instructions

Made by tools/arm/count.sh at $(git rev-parse --short=12 HEAD) with $(clang --version | head -n 1). No ARM silicon was at hand: ARM's figures are
**emulated**, counted by qemu-user with a plug-in; x86's are single-stepped on $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1). Both count
user instructions of one whole compute, M x K = ${shape[0]} x ${shape[1]}, a weight and token; a load of a register pair is one. Times, cycles and
energy are not here because nothing here measures them: an instruction of 512 bits is not one of 128.

Verified: the result matched a plain sum, to the bit or within the kernel's declared tolerance, in this run. "max" has i8mm and
SVE of the bits that follow. A kernel is listed with the least CPU that runs it; SVE with each length. Where a cell of counts is empty,
it was not counted: single-stepping gives up at a million instructions, which portable C needs for several tokens.

MARKDOWN
merge() {
  awk -F, -v OFS=, -v cpu="$1" -v label="$2" 'NR > 1 { print $1, $2, cpu, label, $3, $4, $5, $6 }' "$3"
}
{
  merge "this machine" single-stepped "$here/x86.csv"
  merge cortex-a72 emulated "$here/cortex-a72.csv"
  merge neoverse-n1 emulated "$here/neoverse-n1.csv"
  merge "max 128" emulated "$here/max,sve-max-vq=1.csv"
  merge "max 256" emulated "$here/max,sve-max-vq=2.csv"
  merge "max 512" emulated "$here/max,sve-max-vq=4.csv"
} | awk -F, '
  # The first CPU of an architecture that runs a kernel stands for it; a vector length is a CPU of its own.
  {
    side = $4 == "emulated" ? "ARM" : "x86"
    key = side FS $1 (($1 ~ /_sve$/) ? FS $3 : "")
    if (!(key in cpu)) { cpu[key] = $3; order[++keys] = key; name[key] = $1; label[key] = $4 }
    if (cpu[key] != $3) next
    bits[key] = $6; right[key] = right[key] == "" || right[key] == "yes" ? $5 : right[key]
    instructions[key, $2] = $7; loads[key, $2] = $8; tokens[$2] = 1
    family = $1; sub(/_.*/, "", family); of[key] = family
    if (!(family in seen)) { seen[family] = 1; families[++number] = family }
  }
  END {
    print "| kernel | on | counts | verified | bits a weight | instructions, N = 1 | loads, N = 1 | instructions, N = 128 | loads, N = 128 |"
    print "|---|---|---|---|--:|--:|--:|--:|--:|"
    for (f = 1; f <= number; f++) {
      for (k = 1; k <= keys; k++) {
        key = order[k]
        if (of[key] != families[f]) continue
        side = key; sub(FS ".*", "", side)
        printf "| %s | %s %s | %s | %s | %s | %s | %s | %s | %s |\n", name[key], side, side == "x86" ? "" : cpu[key], \
          label[key], right[key], bits[key], instructions[key, 1], loads[key, 1], instructions[key, 128], loads[key, 128]
      }
    }
  }'
