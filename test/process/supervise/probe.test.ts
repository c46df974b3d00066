import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Readiness } from "../../../src/plan/plan.ts";
import { probe } from "../../../src/supervise/readiness/probe.ts";
import { watchReadiness } from "../../../src/supervise/readiness/readiness.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

// A busy machine may take its time.

const directory = temporaryDirectory();
const socketPath = `${directory.path}/app.sock`;
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  rmSync(socketPath, { force: true });
});

async function serve(where: string | { port: number; host: string }, onSocket: (socket: Socket) => void) {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    onSocket(socket);
  });
  servers.push(server);
  await once(server.listen(where), "listening");
  return server;
}

test("nginx gets the header of the PROXY protocol where it wants one, and nothing else", async () => {
  const got: string[] = [];
  const keep = (at: number) => (socket: Socket) => {
    got[at] = "";
    socket.on("data", (data) => (got[at] += data.toString())).on("end", () => socket.end());
  };
  const plain = await serve({ port: 0, host: "127.0.0.1" }, keep(0));
  const proxied = await serve({ port: 0, host: "127.0.0.1" }, keep(1));
  const addresses = [
    { host: "127.0.0.1", port: portOf(plain) },
    { host: "127.0.0.1", port: portOf(proxied), wantsProxy: true as const },
  ];
  expect(await probe({ kind: "tcp", addresses })).toBeUndefined();
  expect(got).toEqual(["", "PROXY UNKNOWN\r\n"]);
});

function portOf(server: Server): number {
  return (server.address() as { port: number }).port;
}

interface Watched {
  readonly ready: number;
  /** Why it is not. */
  readonly why: string | undefined;
  /** Lets one period pass. */
  tick(): void;
  cancel(): void;
}

function watch(readiness: Readiness): Watched {
  const clock = new VirtualClock();
  let ready = 0;
  const readinessWatch = watchReadiness(readiness, clock, () => {
    ready += 1;
  });
  return {
    get why() {
      return readinessWatch.why;
    },
    get ready() {
      return ready;
    },
    tick: () => clock.advance(25),
    cancel: () => readinessWatch.cancel(),
  };
}

/** Ticks until it is ready. */
async function becomesReady(watched: Watched): Promise<void> {
  await eventually(() => {
    watched.tick();
    return watched.ready > 0;
  });
}

/** Ticks until `enough` says that the probe has asked often enough to know that the answer is no. */
async function staysUnready(watched: Watched, enough: () => boolean): Promise<void> {
  await eventually(() => {
    watched.tick();
    return enough();
  });
  expect(watched.ready).toBe(0);
  watched.cancel();
}

describe("a service of which nothing more can be asked", () => {
  test("is ready when it has lived long enough, once", () => {
    const clock = new VirtualClock();
    let ready = 0;
    watchReadiness({ kind: "settled", afterMs: 5_000 }, clock, () => {
      ready += 1;
    });
    clock.advance(4_999);
    expect(ready).toBe(0);
    clock.advance(60_000);
    expect(ready).toBe(1);
  });
});

describe("a service behind a socket", () => {
  const readiness: Readiness = { kind: "http", socketPath, host: "localhost" };

  test("is ready when a worker takes the connection, which leaves no request behind", async () => {
    const watched = watch(readiness);
    watched.tick();
    expect(watched.ready).toBe(0);
    let received = "";
    await serve(socketPath, (socket) => {
      socket.on("data", (data) => {
        received += data.toString();
      });
      socket.on("end", () => socket.end());
    });
    await becomesReady(watched);
    watched.tick();
    expect(watched.ready).toBe(1);
    expect(received).toBe("");
  });

  test("is not ready while connections only wait in the queue", async () => {
    let connections = 0;
    await serve(socketPath, () => {
      connections += 1;
    });
    const watched = watch(readiness);
    await eventually(() => connections > 0);
    watched.tick();
    expect(watched.ready).toBe(0);
    watched.cancel();
  });
});

describe("a service with a readiness path", () => {
  const readiness: Readiness = { kind: "http", socketPath, path: "/health/", host: "cakes.example" };

  test.each(["HTTP/1.1 200 OK", "HTTP/1.1 204 No Content", "HTTP/1.0 302 Found"])(
    "%s is ready",
    async (answer) => {
      let request = "";
      await serve(socketPath, (socket) => {
        socket.once("data", (data) => {
          request = data.toString();
          socket.end(`${answer}\r\n\r\n`);
        });
      });
      await becomesReady(watch(readiness));
      expect(request).toMatch(/^GET \/health\/ HTTP\/1\.1\r\nHost: cakes\.example\r\n/);
    },
  );

  /** Redirects to https whatever has not all of these headers. */
  async function serveByHttps(required: string[], location: string): Promise<string[]> {
    const requests: string[] = [];
    await serve(socketPath, (socket) => {
      socket.once("data", (data) => {
        const request = data.toString();
        requests.push(request);
        const isSecure = required.every((header) => request.includes(`\r\n${header}\r\n`));
        socket.end(isSecure ? "HTTP/1.1 503 x\r\n\r\n" : `HTTP/1.1 301 x\r\nLocation: ${location}\r\n\r\n`);
      });
    });
    return requests;
  }

  test.each([
    ["as gunicorn knows it", ["X-Forwarded-Proto: https"], readiness],
    [
      "as the settings say",
      ["X-Forwarded-Proto: https", "X-SCHEME: on"],
      { ...readiness, secureHeader: "X-SCHEME: on" },
    ],
  ])("sent to https it is asked again by https, %s, and that answer counts", async (_, required, asked) => {
    const requests = await serveByHttps(required, "https://cakes.example/shop/health/");
    const watched = watch(asked);
    await staysUnready(watched, () => requests.length >= 4);
    expect(watched.why).toBe("the last answer to GET /health/ was 503");
    expect(requests[0]).not.toContain("https");
  });

  test("a redirect to https that never ends is not ready", async () => {
    const requests = await serveByHttps(["X-Other: https"], "https://cakes.example/health/");
    const watched = watch(readiness);
    await staysUnready(watched, () => requests.length >= 4);
    expect(watched.why).toMatch(/^GET \/health\/ is redirected to https, even with X-Forwarded-Proto: https/);
  });

  test.each(["https://sso.example/login", "http://cakes.example/health/", "/login?next=https://x/health/"])(
    "a redirect to %s is an answer",
    async (location) => {
      const requests = await serveByHttps(["X-Other: https"], location);
      await becomesReady(watch(readiness));
      expect(requests).toHaveLength(1);
    },
  );

  test("before the first answer it says so", () => {
    const watched = watch(readiness);
    expect(watched.why).toBe("GET /health/ has not been answered yet");
    watched.cancel();
  });

  test("nobody listens: it says so", async () => {
    const watched = watch(readiness);
    await eventually(() => watched.why?.startsWith("cannot connect: connect ENOENT"));
    watched.cancel();
  });

  test.each([
    [
      "HTTP/1.1 400 Bad Request",
      "the last answer to GET /health/ was 400: is the Host cakes.example in ALLOWED_HOSTS? DJINIT_READINESS_HOST sets another",
    ],
    [
      "HTTP/1.1 404 Not Found",
      "the last answer to GET /health/ was 404: is DJINIT_READINESS_PATH a path of the application?",
    ],
    ["HTTP/1.1 503 Service Unavailable", "the last answer to GET /health/ was 503"],
    ["SSH-2.0-x", "the last answer to GET /health/ was no HTTP"],
    ["", "the connection was closed without an answer"],
  ])("%j is not, and it says why", async (answer, why) => {
    let answers = 0;
    await serve(socketPath, (socket) => {
      socket.once("data", () => {
        answers += 1;
        socket.end(answer);
      });
    });
    const watched = watch(readiness);
    await staysUnready(watched, () => answers >= 3);
    expect(watched.why).toBe(why);
  });
});

describe("a service at TCP addresses", () => {
  const takes = (socket: Socket) => socket.on("end", () => socket.end()).resume();

  test.each(["127.0.0.1", "::1"])("is ready when a process takes connections at %s", async (host) => {
    const server = await serve({ port: 0, host }, takes);
    await becomesReady(watch({ kind: "tcp", addresses: [{ host, port: portOf(server) }] }));
  });

  test("is not ready while connections only wait in a socket that somebody else holds", async () => {
    let connections = 0;
    const server = await serve({ port: 0, host: "127.0.0.1" }, () => {
      connections += 1;
    });
    const watched = watch({ kind: "tcp", addresses: [{ host: "127.0.0.1", port: portOf(server) }] });
    await eventually(() => connections > 0);
    watched.tick();
    expect(watched.ready).toBe(0);
    watched.cancel();
  });

  test("is not ready before it takes connections at all of them", async () => {
    let connections = 0;
    const first = await serve({ port: 0, host: "127.0.0.1" }, (socket) => {
      connections += 1;
      takes(socket);
    });
    const second = await serve({ port: 0, host: "127.0.0.1" }, takes);
    const free = portOf(second);
    second.close();
    const addresses = [portOf(first), free].map((port) => ({ host: "127.0.0.1", port }));
    await staysUnready(watch({ kind: "tcp", addresses }), () => connections >= 3);
  });
});

test("given up, it calls nobody", async () => {
  const watched = watch({ kind: "http", socketPath, host: "localhost" });
  watched.cancel();
  let connections = 0;
  await serve(socketPath, (socket) => {
    connections += 1;
    socket.end();
  });
  watched.tick();
  await new Promise((resolve) => setImmediate(resolve));
  expect([watched.ready, connections]).toEqual([0, 0]);
});
