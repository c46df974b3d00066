#!/bin/sh -e
# apt-get-install.sh PACKAGE...: installs packages and leaves no package lists, as docker-django-bootstrap's does.
echo "WARNING: apt-get-install.sh is deprecated; write: apt-get update && apt-get install --yes --no-install-recommends $* && rm -rf /var/lib/apt/lists/*" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install --quiet --yes -o APT::Install-Recommends=false -o APT::Install-Suggests=false "$@"
rm -rf /var/lib/apt/lists/*
