# Redis from Debian's packages, for demonstrations and tests: keeps nothing on disk, reachable from its network only.
FROM debian:trixie-slim
RUN apt-get update && \
    apt-get install -y --no-install-recommends redis-server && \
    rm -rf /var/lib/apt/lists/*
USER redis
ENTRYPOINT ["redis-server", "--bind", "*", "--protected-mode", "no", "--save", "", "--appendonly", "no", "--dir", "/tmp"]
EXPOSE 6379
