#!/bin/sh
# nginx-floor.sh CODENAME VERSION: fails if a Debian release's nginx has a known fault that a later package fixes.
#
# Each floor has the fixes for the overflow in `map` with regular expressions (CVE-2026-42533), which the access log's format
# uses, and for the one in strings with variables (CVE-2026-93479).
set -eu
case "$1 $2" in
    "bookworm 1.22.1-"*) floor=1.22.1-9+deb12u11 ;;
    "trixie 1.26.3-"*) floor=1.26.3-3+deb13u11 ;;
    # Debian's later releases, and nginx.org's packages.
    *) floor=1.30.7 ;;
esac
if dpkg --compare-versions "$2" ge "$floor"; then
    exit 0
fi
echo "nginx $2 has known faults, $floor and later on ${1:-this release} have not: build with --no-cache, or from a base with security updates" >&2
exit 1
