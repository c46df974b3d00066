# Prometheus from Debian's packages, for tests: keeps what it scrapes until it is removed.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends prometheus && \
    rm -rf /var/lib/apt/lists/*
USER prometheus
ENTRYPOINT ["prometheus", "--config.file=/etc/prometheus/test.yml", "--storage.tsdb.path=/tmp/prometheus"]
EXPOSE 9090
