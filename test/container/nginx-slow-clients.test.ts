// Many clients that begin a request and do not go on keep nobody else from being answered.
import { readFile } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { childrenOf, mainPid } from "./cake-subject.ts";
import { type Files, type NginxSubject, startSubject } from "./nginx-subject.ts";

const HALF_OPEN = 2_000;
const QUICK = 60;
const AT_ONCE = 6;

/** Half of them have sent a part of their headers, the others a part of their body; `bodies`: all of them. It says when all are open, and when none is. */
const HOLD = `
import resource, selectors, socket, sys
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
HEAD = b"POST /half HTTP/1.1\\r\\nHost: localhost\\r\\n"
selector = selectors.DefaultSelector()
left = 0
for number in range(${HALF_OPEN}):
    try:
        client = socket.create_connection(("127.0.0.1", 8000))
        client.sendall(HEAD if number % 2 and "bodies" not in sys.argv else HEAD + b"Content-Length: 100\\r\\n\\r\\n12345")
    except OSError:
        continue
    selector.register(client, selectors.EVENT_READ, client)
    left += 1
open("/tmp/held", "w").write("open")
while left:
    for key, _ in selector.select():
        try:
            ended = not key.data.recv(4096)
        except OSError:
            ended = True
        if ended:
            selector.unregister(key.data)
            key.data.close()
            left -= 1
open("/tmp/held", "w").write("closed")
`;

async function start(seconds: number, files: Files = {}): Promise<NginxSubject> {
  const subject = await startSubject(files, 8000, undefined, { DJINIT_CLIENT_TIMEOUT: String(seconds) });
  onTestFinished(() => subject.remove());
  return subject;
}

async function beginHolding({ container }: NginxSubject, ...words: string[]): Promise<void> {
  await docker("hold connections", ["exec", "--detach", container.id, "python", "-c", HOLD, ...words]);
}

async function untilHeld({ container }: NginxSubject, state: string): Promise<void> {
  await eventually(
    async () => expect(await container.output(["sh", "-c", "cat /tmp/held || true"])).toBe(state),
    {
      what: `the slow clients are ${state}`,
      timeoutMs: 60_000,
      attach: () => container.logs(),
    },
  );
}

/** How many requests are answered with 200, asked by a few clients that do not keep their connections. */
async function answered(subject: NginxSubject): Promise<number> {
  const counts = await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      let count = 0;
      for (let at = 0; at < QUICK / AT_ONCE; at += 1)
        if (
          await subject.ask("/quick").then(
            ({ status }) => status === 200,
            () => false,
          )
        )
          count += 1;
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

test("2,000 half-open connections stop nobody, and are closed in their time", async () => {
  const subject = await start(15);
  await beginHolding(subject);
  // While they come, when they are all there, and when they have gone.
  expect(await answered(subject)).toBe(QUICK);
  await untilHeld(subject, "open");
  expect(await answered(subject)).toBe(QUICK);
  await untilHeld(subject, "closed");
  expect(await answered(subject)).toBe(QUICK);
});

test("control: with half as many connections as they take, others are not answered", async () => {
  const path = "/etc/nginx/nginx.conf";
  const conf = await readFile(join(import.meta.dirname, "../../docker", path), "utf8");
  const few = conf.replace("include /run/djinit/nginx-connections*.conf", "worker_connections 1024");
  expect(few).not.toBe(conf);
  const subject = await start(120, { [path]: few });
  await beginHolding(subject, "bodies");
  await untilHeld(subject, "open");
  expect(await answered(subject)).toBeLessThan(QUICK);
});

describe("one worker that takes one request at a time", () => {
  /** More than the kernel keeps for a connection, less than nginx does. */
  const LARGE_BYTES = 30 * 1_024 * 1_024;
  const LARGE = `/body/?type=image/png&bytes=${LARGE_BYTES}`;
  /** As long as it takes to be sure that an answer does not come. */
  const NO_ANSWER_MS = 2_000;

  let subject: NginxSubject;
  beforeAll(async () => {
    const env = { WEB_CONCURRENCY: "1", GUNICORN_CMD_ARGS: "--worker-class sync --threads 1" };
    subject = await startSubject({}, 8000, undefined, env);
  });
  afterAll(() => subject?.remove());

  /** A client that has read nothing of the answer but its beginning. */
  async function reader(path: string): Promise<Socket> {
    const socket = connect(await subject.container.port(8000), "127.0.0.1");
    onTestFinished(() => void socket.destroy());
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.once("readable", () => resolve());
    socket.once("error", reject);
    await promise;
    return socket;
  }

  async function readOn(socket: Socket): Promise<number> {
    let bytes = 0;
    for await (const chunk of socket) bytes += (chunk as Buffer).length;
    return bytes;
  }

  test("is free while a client does not read its answer, which is whole in the end", async () => {
    const slow = await reader(LARGE);
    expect((await subject.ask("/quick")).status).toBe(200);
    expect(await readOn(slow)).toBeGreaterThanOrEqual(LARGE_BYTES);
  });

  test("is held where the application has it so; who waited meanwhile is in the metric of the queue", async () => {
    const slow = await reader(`${LARGE}&header=X-Accel-Buffering:no`);
    const quick = subject.ask("/quick");
    expect(await Promise.race([quick, after(NO_ANSWER_MS, "no answer")])).toBe("no answer");
    expect(await readOn(slow)).toBeGreaterThanOrEqual(LARGE_BYTES);
    expect((await quick).status).toBe(200);
    const page = await subject.container.output([
      "python",
      "-c",
      "import urllib.request as r; print(r.urlopen('http://127.0.0.1:9180/metrics').read().decode())",
    ]);
    const value = (name: string) =>
      Number(new RegExp(`^${RegExp.escape(name)} (\\S+)$`, "m").exec(page)?.[1]);
    expect(value("djinit_request_queue_seconds_sum")).toBeGreaterThanOrEqual(NO_ANSWER_MS / 1_000 - 0.5);
    expect(value('djinit_request_queue_seconds_bucket{le="+Inf"}')).toBeGreaterThan(
      value('djinit_request_queue_seconds_bucket{le="1.0"}'),
    );
  });

  test("gets a request once, whatever becomes of it: it may have done something already", async () => {
    const starts = async () =>
      (await subject.container.records())
        .filter(({ msg }) => msg.startsWith("Booting worker"))
        .map(({ msg }) => msg);
    const before = await starts();
    const died = await subject.ask("/dies/", { body: Buffer.from("order") });
    expect(died.status).toBe(502);
    await eventually(async () => expect((await subject.ask("/quick")).status).toBe(200), {
      what: "the next worker",
    });
    const [worker] = await childrenOf(subject.container, await mainPid(subject.container, "gunicorn"));
    // The record of its start may come after its first answer.
    const last = `Booting worker with pid: ${worker?.pid}`;
    await eventually(async () => expect(await starts()).toContain(last), { what: last });
    expect(await starts()).toHaveLength(before.length + 1);
  });
});
