#!/bin/sh -e
# apt-get-install.sh PACKAGE...: docker-django-bootstrap's; installs them, and leaves no package lists.
echo "WARNING: apt-get-install.sh is deprecated; write: apt-get update && apt-get install --yes --no-install-recommends $* && rm -rf /var/lib/apt/lists/*" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --quiet --yes -o APT::Install-Recommends=false -o APT::Install-Suggests=false "$@"
rm -rf /var/lib/apt/lists/*
