#!/bin/busybox sh
# guest.sh: process 1 of the emulated machine: the program and the C checks, one after another; see run.sh.
export PATH=/bin TERM=dumb HOME=/tmp
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /tmp
failed=

# try NAME COMMAND...: runs it, and remembers if it fails.
try() {
  echo "--- $1"
  shift
  "$@" 2>&1 || failed="$failed
  $* (exit code $?)"
}

kernels_run() {
  ternbench list kernels --kernel '_amx$' --format csv > /tmp/kernels && cat /tmp/kernels &&
    [ "$(grep -c ',avx512 avx512vnni .*amxint8,yes,' /tmp/kernels)" = 3 ]
}

# M, N, K around 16 rows and tokens, two blocks and groups, the best tile of 128, and tiles of 64 inputs.
shapes="1x16x1 1x17x64 16x16x63 17x16x65 33x33x127 47x2x200 15x15x77 40x1x130 16x31x128 31x33x129 33x48x20 18x128x70 5x129x33"

right() {
  # shellcheck disable=SC2086 # a list of words
  ternbench verify --kernel '_amx$' --shape $shapes
}

large_sums() {
  ternbench verify --kernel '_amx$' --shape 128x32x2560 --pattern positive negative minus alternating aligned
}

count() {
  ternbench bench --kernel '_amx$' --shape 48x33x200 64x16x256 --cache hot --counters step --min-time 0.02 \
    --max-time 0.02 --out "/tmp/$1" > "/tmp/$1.folder" || return
  local folder
  folder=$(cat "/tmp/$1.folder")
  cut -d, -f3- "$folder/counters.csv" > "/tmp/$1.csv"
  # The probe of AMX's ceiling has run too.
  grep -q ',execute tdpbusd,' "$folder/ceilings.csv"
}

counts_repeat() {
  count first && count second && cat /tmp/first.csv && cmp /tmp/first.csv /tmp/second.csv &&
    [ "$(grep -c '_amx,.*,compute,instructions,,[1-9]' /tmp/first.csv)" = 6 ]
}

# The prompt has more than 16 tokens, so that prefill is AMX's.
writes_the_same() {
  ternbench generate --kernel "$1" --threads 1 -p "$(cat /expected/prompt)" -n 16 > /tmp/text &&
    cat /tmp/text && cmp /tmp/text /expected/text
}

uname -sr
grep -m 1 'model name' /proc/cpuinfo
try "permission, released tiles, interrupted threads" tiles
try "list kernels: all three run" kernels_run
try "census: executed operations and bytes are the declared ones" census /opcodes.csv 33x33x70 17x16x64
try "verify: the whole contract, every pattern" right
try "verify: the largest sums" large_sums
try "bench --counters step: two runs, the same counts" counts_repeat
try "generate: planar2_amx writes what planar2_portable does" writes_the_same planar2_amx
try "generate: trit5_amx writes what planar2_portable does" writes_the_same trit5_amx
try "generate: trit5_lut_amx writes what planar2_portable does" writes_the_same trit5_lut_amx
if [ -z "$failed" ]; then
  echo "test-amx: passed, on an emulated CPU"
else
  echo "test-amx: FAILED:$failed"
fi
# By a triple fault, at which the emulator ends.
reboot -f
