# Docker's client and its compose plugin from Debian's packages, for tests where the machine has none.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends docker-cli docker-compose && \
    rm -rf /var/lib/apt/lists/*
