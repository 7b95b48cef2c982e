# apt.sh: an apt of its own in a folder, to fetch packages of any suite and architecture without root. To be sourced.
#
#   apt_folder   keeps what is downloaded (debs/), the lists (apt/) and what apt said (apt.log)
#   apt_caller   the name that messages begin with
#
# The machine's own lists and architecture do not change. DEBIAN_MIRROR names another mirror. What cannot be fetched
# ends the caller with status 74, as sysexits.h has it.

apt_mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}

apt_failed() {
  tail -n 3 "$apt_folder/apt.log" >&2
  echo "$apt_caller: $1" >&2
  exit 74
}

# apt_configure SUITE ARCHITECTURE: from here on, packages are those.
apt_configure() {
  local signed="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $apt_mirror $1 main"
  mkdir -p "$apt_folder"/apt/{lists/partial,archives/partial,etc/preferences.d,etc/apt.conf.d} "$apt_folder/debs"
  : > "$apt_folder/apt/status"
  printf 'deb %s\ndeb-src %s\n' "$signed" "$signed" > "$apt_folder/apt/etc/sources.list"
  export APT_CONFIG=$apt_folder/apt.conf
  cat > "$APT_CONFIG" <<CONF
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Sandbox::User "";
Dir::State "$apt_folder/apt";
Dir::State::status "$apt_folder/apt/status";
Dir::Cache "$apt_folder/apt";
Dir::Etc "$apt_folder/apt/etc";
Dir::Etc::sourcelist "$apt_folder/apt/etc/sources.list";
Dir::Etc::sourceparts "/dev/null";
CONF
  apt-get update -q > "$apt_folder/apt.log" 2>&1 \
    || apt_failed "cannot fetch Debian's package lists from $apt_mirror; set DEBIAN_MIRROR"
}

# apt_fetch COMMAND NAME...: apt-get download, or apt-get source, into debs/.
apt_fetch() {
  (cd "$apt_folder/debs" && apt-get "$@") >> "$apt_folder/apt.log" 2>&1 || apt_failed "apt-get $* fails with $apt_mirror"
}

# apt_dependency PACKAGE PREFIX: the package that another depends on and whose name begins so.
apt_dependency() {
  apt-cache depends "$1" | sed -n "s/^ *Depends: \($2[^ ]*\)$/\1/p" | head -n 1
}
