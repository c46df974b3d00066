# A Docker engine from Debian's packages, as a node of a Swarm, for tests.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends docker.io docker-cli iptables iproute2 procps && \
    rm -rf /var/lib/apt/lists/*
