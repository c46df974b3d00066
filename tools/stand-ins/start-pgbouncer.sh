#!/bin/sh
# Writes the configuration from the environment, then becomes the pooler.
set -eu
cat > /tmp/pgbouncer.ini <<INI
[databases]
* = host=${PGBOUNCER_HOST:?} user=postgres password=${POSTGRES_PASSWORD:?}
[pgbouncer]
listen_addr = *
listen_port = 5432
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${PGBOUNCER_POOL_SIZE:-20}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits,options
INI
exec pgbouncer /tmp/pgbouncer.ini
