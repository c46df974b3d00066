#!/bin/sh
# djinit's own: the entry point of docker-django-bootstrap, which old Dockerfiles name. djinit says what to write instead.
exec /usr/local/bin/djinit "${0##*/}" "$@"
