// What answers while the boot is under way, at real sockets. From life to life: test/container/boot-answers.test.ts.
import { mkdirSync, statSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "vitest";
import { BootProgress } from "../../../src/boot/progress.ts";
import { type Answers, serveAnswers } from "../../../src/boot/status/serve.ts";
import { eventually } from "../../support/eventually.ts";
import { freePort } from "../../support/free-port.ts";
import { http } from "../../support/http.ts";
import { planOf } from "../../support/planned.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";
import { VirtualClock } from "../../support/virtual-clock.ts";

const directory = temporaryDirectory();
const silent = () => {};
const LOG = { debug: silent, info: silent, warn: silent, error: silent };

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A server of somebody else's, at a port that was free. */
async function listening(): Promise<{ server: Server; port: number }> {
  const server = createServer();
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  return { server, port: (server.address() as { port: number }).port };
}

let runs = 0;
function serving(port: number): { answers: Answers; control: string; asked: string[] } {
  runs += 1;
  const run = `${directory.path}/run-${runs}`;
  mkdirSync(`${run}/djinit`, { recursive: true });
  const progress = new BootProgress(new VirtualClock(), 2_000);
  progress.onStepStarted("migrate");
  progress.onPending(3);
  progress.onMigrated(1);
  const asked: string[] = [];
  const { admin, supervisorUser: _, ...plan } = planOf("a:b");
  const answers = serveAnswers(
    { ...plan, run, admin: { ...admin, port } },
    {
      log: LOG,
      state: () => ({ role: "web", draining: false, notes: [], progress: progress.now() }),
      facts: () => ({ stepSeconds: { "wait-for-database": 0.5 } }),
      reload: () => {
        asked.push("reload");
        return "it follows";
      },
    },
  );
  return { answers, control: `${run}/djinit/control.sock`, asked };
}

async function ask(path: string, request: object): Promise<unknown> {
  const socket = connect(path);
  socket.write(`${JSON.stringify(request)}\n`);
  return JSON.parse(await text(socket));
}

describe("a long boot", () => {
  test("answers probes and metrics, each on a connection of its own", async () => {
    const port = await freePort();
    const { answers } = serving(port);
    const get = (path: string) => http(`http://127.0.0.1:${port}${path}`);
    expect(await get("/livez")).toMatchObject({ status: 200, text: "livez passed\n" });
    const { status, text: said } = await get("/readyz");
    expect(status).toBe(503);
    expect(said).toBe("readyz failed: djinit is booting: migrate for 0 s, 1 of 3 migrations applied\n");
    expect((await get("/startupz")).status).toBe(503);
    expect((await get("/nothing")).status).toBe(404);
    const metrics = (await get("/metrics")).text;
    expect(metrics).toContain('djinit_migrations{state="applied"} 1\n');
    expect(metrics).toContain('djinit_migrations{state="pending"} 2\n');
    expect(metrics).toContain('djinit_boot_step_seconds{step="wait-for-database"} 0.5\n');
    const kept = await fetch(`http://127.0.0.1:${port}/livez`);
    expect(kept.headers.get("connection")).toBe("close");
    await kept.text();
    await eventually(() => answers.open() === 0);
  });

  test("answers verbs, at a socket of its own user's", async () => {
    const { answers, control, asked } = serving(0);
    expect(answers.fds.http).toBeUndefined();
    expect(statSync(control).mode & 0o777).toBe(0o600);
    expect(await ask(control, { verb: "status" })).toMatchObject({ role: "web", boot: { step: "migrate" } });
    expect(await ask(control, { verb: "health" })).toMatchObject({ live: true, ready: false });
    expect(await ask(control, { verb: "reload" })).toEqual({ ok: true, done: "it follows" });
    expect(asked).toEqual(["reload"]);
    expect(await ask(control, { verb: "stop", service: "nginx" })).toMatchObject({
      error: { code: "DJINIT_REFUSED" },
    });
    expect(await ask(control, { verb: "bake" })).toMatchObject({ error: { code: "DJINIT_BAD_USAGE" } });
  });

  test("knows of a connection that has not been answered yet", async () => {
    const { answers, control } = serving(0);
    const socket = connect(control);
    await eventually(() => answers.open() === 1);
    socket.end('{"verb":"health"}\n');
    await text(socket);
    await eventually(() => answers.open() === 0);
  });

  test("leaves a port that is taken to the second life, which reports it", async () => {
    const { port } = await listening();
    const { answers, control } = serving(port);
    expect(answers.fds.http).toBeUndefined();
    expect(await ask(control, { verb: "health" })).toMatchObject({ ready: false });
  });

  test("does not share its port with another boot, of a container in the same network", async () => {
    const port = await freePort();
    expect(serving(port).answers.fds.http).toBeDefined();
    expect(serving(port).answers.fds.http).toBeUndefined();
  });
});
