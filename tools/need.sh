#!/bin/sh
# need.sh: checks for what a make target needs, and installs with apt what it may.
#
#   tools/need.sh swift git clang-format-19
#
# A name is a command that must be there; but for swift it is also the Debian package that has it, unless
# that is named after a colon: qemu-aarch64:qemu-user.
set -eu

oldest_swift=6.0

say_where_swift_comes_from() {
  cat >&2 <<EOF
Swift $oldest_swift or later is needed, and $1.
  Debian 12 and others: https://www.swift.org/install/linux, then put its usr/bin on PATH
  Debian 13:            sudo apt-get install swiftlang
EOF
  exit 1
}

check_swift() {
  command -v swift > /dev/null || say_where_swift_comes_from "no swift is on PATH"
  version=$(swift --version 2> /dev/null | sed -n 's/.*Swift version \([0-9.]*\).*/\1/p' | head -n 1)
  [ -n "$version" ] || say_where_swift_comes_from "\`swift --version\` fails: run it to see why"
  older=$(printf '%s\n' "$oldest_swift" "$version" | sort -V | head -n 1)
  [ "$older" = "$oldest_swift" ] || say_where_swift_comes_from "this is $version"
}

missing=
for name in "$@"; do
  if [ "$name" = swift ]; then
    check_swift
  elif ! command -v "${name%%:*}" > /dev/null; then
    missing="$missing ${name#*:}"
  fi
done
[ -n "$missing" ] || exit 0

if command -v apt-get > /dev/null; then
  if [ "$(id -u)" = 0 ]; then
    may=env
  elif sudo -n true 2> /dev/null; then
    may="sudo -n env"
  else
    may=
  fi
  if [ -n "$may" ]; then
    echo "Installing$missing" >&2
    $may DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
    # shellcheck disable=SC2086 # a list of words
    exec $may DEBIAN_FRONTEND=noninteractive apt-get install -y -q $missing >&2
  fi
  echo "Missing:$missing. Type: sudo apt-get install$missing" >&2
else
  echo "Missing:$missing. Install it with this system's package manager." >&2
fi
exit 1
