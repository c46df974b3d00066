#!/bin/sh -e
# apt-get-purge.sh PACKAGE...: removes packages, their configuration, and what only they needed, as docker-django-bootstrap's does.
echo "WARNING: apt-get-purge.sh is deprecated; write: apt-get purge --yes --autoremove $*" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get purge --quiet --yes --autoremove "$@"
