# PostgreSQL from Debian's packages, for demonstrations and tests: the cluster is made at build time, so that a
# container answers in well under a second. POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB as in the official image.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends postgresql-17 && \
    rm -rf /var/lib/apt/lists/* /var/lib/postgresql/17
ENV PATH=/usr/lib/postgresql/17/bin:$PATH PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
USER postgres
RUN initdb --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --no-sync --no-instructions && \
    echo "host all all all scram-sha-256" >> "$PGDATA/pg_hba.conf" && \
    printf "listen_addresses = '*'\nunix_socket_directories = '/tmp'\n" >> "$PGDATA/postgresql.conf"
ENV PGHOST=/tmp
COPY start-postgres.sh /usr/local/bin/
ENTRYPOINT ["sh", "/usr/local/bin/start-postgres.sh"]
EXPOSE 5432
# SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for every client to leave.
STOPSIGNAL SIGINT
