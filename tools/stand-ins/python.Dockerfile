# Stands in for python:3.14-slim-trixie where no image registry can be reached: Debian 13 with CPython 3.14 at
# /usr/local/bin, as the official image has it. The interpreter is the next Debian release's own build; that release's
# index is valid for a week only, which a mirror that is a snapshot outlives.
FROM debian:trixie-slim
LABEL org.djinit.stand-in="python:3.14-slim-trixie"
RUN set -eu; \
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources > /tmp/sources 2>/dev/null || true; \
    uri=$(sed -nE 's/^(deb|URIs:) +([^ ]*\/debian\/?)( .*)?$/\2/p' /tmp/sources | head -n 1); \
    echo "deb $uri forky main" > /etc/apt/sources.list.d/forky.list; \
    apt-get update -o Acquire::Check-Valid-Until=false; \
    apt-get install -y -t forky --no-install-recommends ca-certificates python3.14 python3.14-venv; \
    for name in python python3 python3.14; do ln -s /usr/bin/python3.14 "/usr/local/bin/$name"; done; \
    rm -rf /tmp/sources /etc/apt/sources.list.d/forky.list /var/lib/apt/lists/*
ENV LANG=C.UTF-8
CMD ["python3"]
