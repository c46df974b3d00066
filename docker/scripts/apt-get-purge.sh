#!/bin/sh -e
# apt-get-purge.sh PACKAGE...: docker-django-bootstrap's; removes them, their configuration, and what only they needed.
echo "WARNING: apt-get-purge.sh is deprecated; write: apt-get purge --yes --autoremove $*" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get purge --quiet --yes --autoremove "$@"
