# PgBouncer from Debian's packages, in transaction mode, for tests. PGBOUNCER_HOST is the server, PGBOUNCER_POOL_SIZE how
# many connections it gets; everybody is let in as user postgres with the password POSTGRES_PASSWORD.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends pgbouncer && \
    rm -rf /var/lib/apt/lists/*
COPY start-pgbouncer.sh /usr/local/bin/
USER postgres
ENTRYPOINT ["sh", "/usr/local/bin/start-pgbouncer.sh"]
EXPOSE 5432
