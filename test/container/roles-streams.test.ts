// WebSockets and server-sent events through nginx: nothing is held back, and silence does not end them.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { type Container, runContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";
import { openSocket } from "./websocket-client.ts";

const TAG = `djinit-test-streams:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/asgi");
/** nginx waits for 2 s there, and not for its own 60. Clients and the application are silent for 4. */
const SHORT = `${CONTEXT}/short-root.conf:/etc/nginx/conf.d/django.conf.d/locations/root.conf:ro`;
const SILENT_MS = 4_000;
const EVENTS = { Accept: "text/event-stream" };

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

async function start(): Promise<Container> {
  const container = await runContainer({
    image: TAG,
    command: ["plain:app"],
    // Which process is told is what the application goes by.
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "1" },
    volumes: [SHORT],
  });
  await container.record("readiness", isReady);
  return container;
}

test("each event arrives when it is sent, and the pause between them ends nothing", async () => {
  await using container = await start();
  // The last as a page's `fetch` asks, which names no type.
  for (const [method, headers] of [
    ["GET", EVENTS],
    ["POST", EVENTS],
    ["POST", {}],
  ] as const) {
    const body = method === "POST" ? "tell me" : null;
    const answer = await fetch(await container.url("/events"), { method, headers, body });
    expect(answer.status).toBe(200);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const next = async () => Buffer.from((await reader.read()).value ?? "").toString();
    expect(await next()).toBe(`data: first ${body?.length ?? 0}\n\n`);
    // Seen, while the application holds the second back until it is told. nginx waits for 2 s elsewhere.
    if ("Accept" in headers) await new Promise((silent) => setTimeout(silent, SILENT_MS));
    expect((await fetch(await container.url("/go"))).status).toBe(200);
    expect(await next()).toBe("data: second\n\n");
    expect((await reader.read()).done).toBe(true);
  }
});

test("a WebSocket that is silent for longer than nginx waits stays open", async () => {
  await using container = await start();
  const { closed, say } = await openSocket(container);
  await new Promise((silent) => setTimeout(silent, SILENT_MS));
  expect(await say("still there?")).toBe("still there?");
  expect(await container.stop()).toBe(0);
  expect([1001, 1012]).toContain(await closed);
});

test("what is no stream has nginx's limit, and the application's own 418 is the client's", async () => {
  await using container = await start();
  const [slow, teapot] = await Promise.all([
    fetch(await container.url("/slow")),
    fetch(await container.url("/teapot"), { headers: EVENTS }),
  ]);
  expect(slow.status).toBe(504);
  expect(teapot.status).toBe(418);
});
