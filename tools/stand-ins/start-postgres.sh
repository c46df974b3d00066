#!/bin/sh
# Gives the cluster its superuser and database by single-user mode, once, then becomes the server with our arguments.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
password=${POSTGRES_PASSWORD:?cannot start PostgreSQL: POSTGRES_PASSWORD is not set}

case "$user$database$password" in
  *[\'\"\\]*) echo "cannot start PostgreSQL: a quote in POSTGRES_USER, POSTGRES_DB or POSTGRES_PASSWORD" >&2; exit 64 ;;
esac

if [ ! -e "$PGDATA/ready" ]; then
  {
    [ "$user" = postgres ] || echo "CREATE ROLE \"$user\" LOGIN SUPERUSER"
    echo "ALTER ROLE \"$user\" PASSWORD '$password'"
    [ "$database" = postgres ] || echo "CREATE DATABASE \"$database\" OWNER \"$user\""
  } | postgres --single -F postgres > /dev/null
  touch "$PGDATA/ready"
fi
exec postgres "$@"
