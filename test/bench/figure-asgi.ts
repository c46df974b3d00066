// ASGI: what nginx and djinit take from the server, and what open WebSockets cost PID 1.
import { setTimeout as delay } from "node:timers/promises";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { usedMs } from "./processor-time.ts";
import { requestsPerSecond, requireWrk } from "./wrk.ts";

const APPLICATION = "cake_service.asgi:application";
// wrk asks at the address of the container.
const ENV = {
  SECRET_KEY: "bench",
  DATABASE_URL: "sqlite:////tmp/bench.sqlite3",
  ALLOWED_HOSTS: "*",
  WEB_CONCURRENCY: "1",
};
/** The page of beats: two queries, and JSON. */
const VIEW = "/api/beats/";
/** gunicorn as djinit starts it, alone and at a port; the tables are made first. */
const GUNICORN = `gunicorn --worker-class asgi --bind 0.0.0.0:8000 --config /dev/null ${APPLICATION}`;

const LEAST_RATIO = 0.95;
const OPEN = 500;
const STOPPED_WITH = 200;
const WATCHED_SECONDS = 20;
const MOST_STOP_SECONDS = 3;
/** A clock of 10 ms, and a garbage collection more or less. */
const NOTHING_MS = 50;

export async function measureAsgi(pairs: number): Promise<Comparison[]> {
  await requireWrk();
  return [await compareRequests(pairs), await comparePid1(pairs), await compareStops(pairs)];
}

async function compareRequests(pairs: number): Promise<Comparison> {
  const image = runContext().images.example;
  const { a, b } = await measureInTurn(
    "requests of a JSON view",
    pairs,
    async () => requestsPerSecond(await runContainer({ image, env: ENV, command: [APPLICATION] }), VIEW),
    async () => {
      const command = ["-c", `django-admin migrate > /dev/null && exec ${GUNICORN}`];
      return requestsPerSecond(await runContainer({ image, env: ENV, entrypoint: "sh", command }), VIEW);
    },
  );
  return {
    what: "ASGI: requests of a JSON view",
    unit: "requests/s",
    other: "gunicorn's asgi worker alone",
    djinitSamples: a,
    otherSamples: b,
    goal: {
      text: `at least ${LEAST_RATIO} × the other`,
      isMet: ({ ratio }) => ratio.median >= LEAST_RATIO,
    },
  };
}

async function comparePid1(pairs: number): Promise<Comparison> {
  const usedWith = async (count: number) => {
    await using container = await startSockets(count);
    const before = await usedMs(container, 1);
    await delay(WATCHED_SECONDS * 1000);
    return (await usedMs(container, 1)) - before;
  };
  const { a, b } = await measureInTurn(
    "PID 1 with open WebSockets",
    pairs,
    () => usedWith(OPEN),
    () => usedWith(0),
  );
  return {
    what: `PID 1 in ${WATCHED_SECONDS} s with ${OPEN} open WebSockets`,
    unit: "ms",
    other: "the same without any",
    djinitSamples: a,
    otherSamples: b,
    goal: {
      text: `at most ${NOTHING_MS} ms more`,
      isMet: ({ djinit, other }) => djinit.median <= other.median + NOTHING_MS,
    },
  };
}

async function compareStops(pairs: number): Promise<Comparison> {
  const stopWith = async (count: number) => {
    await using container = await startSockets(count);
    const startedMs = performance.now();
    const status = await container.stop();
    if (status !== 0) throw new Error(`cannot stop in order: status ${status}`);
    return (performance.now() - startedMs) / 1000;
  };
  const { a, b } = await measureInTurn(
    "stop with open WebSockets",
    pairs,
    () => stopWith(STOPPED_WITH),
    () => stopWith(0),
  );
  return {
    what: `docker stop with ${STOPPED_WITH} open WebSockets`,
    unit: "s",
    other: "the same without any",
    djinitSamples: a,
    otherSamples: b,
    goal: {
      text: `at most ${MOST_STOP_SECONDS} s`,
      isMet: ({ djinit }) => djinit.median <= MOST_STOP_SECONDS,
    },
  };
}

/** A container of the example that so many watch. */
async function startSockets(count: number): Promise<Container> {
  const image = runContext().images.example;
  const container = await runContainer({
    image,
    env: ENV,
    command: [APPLICATION],
    more: ["--no-healthcheck"],
  });
  await eventually(async () => (await http(await container.url(VIEW))).status === 200, {
    what: "an answer",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  const url = (await container.url("/live/")).replace(/^http/, "ws");
  await Promise.all(Array.from({ length: count }, () => openSocket(url)));
  return container;
}

function openSocket(url: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = new WebSocket(url);
  socket.onmessage = () => resolve();
  socket.onclose = ({ code }) => reject(new Error(`cannot watch: closed with ${code}`));
  return promise;
}
