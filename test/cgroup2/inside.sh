#!/bin/bash
# Runs in the virtual machine, once it is up: what djinit does under version 2 of cgroups. One line a check: `CHECK ok|failed NAME`.
# On a machine that has version 2 it does by itself: `bash test/cgroup2/inside.sh IMAGE`, with the example's image.
set -u
IMAGE=$1
NAME=djinit-cgroup2
ENV=(--env SECRET_KEY=for-a-test --env SKIP_MIGRATIONS=1 --env CAKE_DEBUG_ENDPOINTS=1 --env DJINIT_STARTUP_TIMEOUT=900)

# Everything may be twenty times slower here.
until_true() { # SECONDS COMMAND…
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || return 1
    sleep 1
  done
}
check() { # NAME COMMAND…
  local name=$1
  shift
  if "$@" >/dev/null 2>&1; then echo "CHECK ok $name"; else
    echo "CHECK failed $name"
    docker logs --tail 40 $NAME 2>&1 | sed 's/^/  /'
    docker exec $NAME djinit status 2>&1 | sed 's/^/  /'
  fi
}
logged() { docker logs $NAME 2>&1 | grep -q -- "$1"; }
metric() { docker exec $NAME python -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:9180/metrics").read().decode())' | grep -q -- "$1"; }
workers_are() { docker exec $NAME djinit status --json | tr -d ' \n' | grep -q "\"workers\":$1,"; }
state_is() { [ "$(docker inspect --format '{{.State.Status}} {{.State.ExitCode}}' $NAME)" = "$1" ]; }
start() {
  docker rm --force $NAME >/dev/null 2>&1
  docker run --detach --name $NAME "${ENV[@]}" "$@" >/dev/null
  until_true 900 logged '"ready: ' || echo "not ready: $*"
}
# Of the container, as its host sees it.
cgroup() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$(docker inspect --format '{{.State.Pid}}' $NAME)/cgroup")"; }
# Asks for a path of the application's; an answer that never comes is one, too.
ask() {
  docker exec $NAME python -c 'import sys, urllib.request as r
r.urlopen("http://127.0.0.1:8000" + sys.argv[1], timeout=600).read()' "$1" >/dev/null 2>&1
}
# A worker grows in steps, as a leak does, until the record is there.
leak() { # TEXT
  for mb in $(seq 60 8 240); do
    ask "/debug/allocate/?mb=$mb"
    sleep 3
    if logged "$1"; then return 0; fi
    state_is "running 0" || return 1
  done
  return 1
}

check "this is version 2" test -e /sys/fs/cgroup/cgroup.controllers

start --cpus 1.5 --memory 700m "$IMAGE"
check "workers by the quota" until_true 300 workers_are 2
check "the record says why" logged 'for 1.5 processors'
check "the limit as a metric" metric '^djinit_container_memory_limit_bytes 734003200'
check "the throttled periods as a metric" metric '^djinit_container_cpu_throttled_periods_total [0-9]'
check "pressure of the processor" metric '^djinit_container_pressure_seconds_total{resource="cpu",share="some"}'
check "pressure of memory" metric '^djinit_container_pressure_seconds_total{resource="memory",share="full"}'
check "pressure of input and output" metric '^djinit_container_pressure_seconds_total{resource="io",share="some"}'
docker update --cpus 0.5 $NAME >/dev/null
check "fewer workers after a resize" until_true 300 workers_are 1

start --cgroupns host --cpus 1.5 --memory 700m "$IMAGE"
check "the host's namespace: workers by the quota" until_true 300 workers_are 2
check "the host's namespace: the limit as a metric" metric '^djinit_container_memory_limit_bytes 734003200'
check "the host's namespace: pressure" metric '^djinit_container_pressure_seconds_total{resource="memory",share="some"}'

start --memory 300m --memory-swap 300m --env WEB_CONCURRENCY=1 "$IMAGE"
ask "/debug/allocate/?mb=500"
check "the record of the kill" until_true 120 logged 'out of memory: '
check "the record has the kernel's count" logged '"oom_kills":1[,}]'
check "the record has the limit" logged '"memory_limit_bytes":314572800'
check "the kills as a metric" metric '^djinit_container_oom_kills_total 1'
check "PID 1 lives on" docker exec $NAME djinit health --live

start --memory 300m --memory-swap 300m --env WEB_CONCURRENCY=1 "$IMAGE"
check "the kernel kills the group as a whole" sh -c "echo 1 > $(cgroup)/memory.oom.group"
check "a leak: the worker is renewed before that" leak 'is renewed: it is the largest'
check "nothing was killed" state_is "running 0"
ask "/debug/allocate/?mb=500"
check "at once: the kernel takes PID 1 as well, as docs/supervision.md says" until_true 120 state_is "exited 137"

docker rm --force $NAME >/dev/null 2>&1
echo CHECKS done
