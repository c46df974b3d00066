import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { serviceOf, statusOf } from "./admin-subject.ts";
import { childrenOf, mainPid, serves, startReadyCake } from "./cake-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1", CAKE_BEAT_SECONDS: "1", DJINIT_DRAIN_DELAY: "15" },
  });
});
afterAll(() => cake?.rm());

const djinit = (...words: string[]) => cake.exec(["djinit", ...words], { timeoutMs: 60_000 });

describe("status", () => {
  test("shows what each service is and what it uses", async () => {
    const { role, ready, draining, reasons, services } = await statusOf(cake);
    expect({ role, ready, draining, reasons }).toEqual({
      role: "web",
      ready: true,
      draining: false,
      reasons: [],
    });
    expect(services.map(({ service }) => service)).toEqual([
      "gunicorn",
      "nginx",
      "celery-worker",
      "celery-beat",
    ]);
    for (const service of services) {
      expect(service).toMatchObject({ state: "running", ready: true, restarts: 0 });
      expect(service.processes).toBe(["gunicorn", "nginx"].includes(service.service) ? 2 : 1);
      expect(service.memory_bytes).toBeGreaterThan(1e6);
      expect(service.uptime_seconds).toBeGreaterThanOrEqual(0);
      expect(service.uptime_seconds).toBeLessThan(600);
    }
    // An import of Django takes a good part of a second.
    expect(services[0]?.cpu_seconds).toBeGreaterThan(0.1);
    expect(services[0]?.cpu_seconds).toBeLessThan(60);
  });

  test("processor time of what is not the service's own is not counted", async () => {
    const before = await serviceOf(cake, "celery-beat");
    await cake.output(["python", "-c", "import time\nend = time.time() + 2\nwhile time.time() < end: pass"]);
    const after = await serviceOf(cake, "celery-beat");
    expect(after.pid).toBe(before.pid);
    expect(after.cpu_seconds - before.cpu_seconds).toBeLessThan(1);
  });

  test("--watch goes on until it is ended", async () => {
    const ran = await cake.exec(["timeout", "5", "djinit", "status", "--watch"]);
    expect(ran.exitCode).toBe(124);
    expect(ran.stdout.match(/^SERVICE/gm)?.length).toBeGreaterThanOrEqual(2);
  });
});

describe("restart, stop and start", () => {
  test("restart: another process, ready again, and no restart after a death is counted", async () => {
    const before = await serviceOf(cake, "celery-worker");
    expect(await djinit("restart", "celery-worker")).toMatchObject({
      exitCode: 0,
      stdout: "celery-worker is running",
    });
    const after = await serviceOf(cake, "celery-worker");
    expect(after).toMatchObject({ state: "running", ready: true, restarts: 0, exit_status: 0 });
    expect(after.pid).not.toBe(before.pid);
    const { level } = await cake.record("the reason", ({ msg }) =>
      msg.startsWith("restarting celery-worker: "),
    );
    expect(level).toBe("info");
  });

  test("a service that is stopped stays so, the site goes on, and start brings it back", async () => {
    expect(await djinit("stop", "celery-beat")).toMatchObject({
      exitCode: 0,
      stdout: "celery-beat is stopped",
    });
    await djinit("reload");
    await cake.record("the end of the reload", ({ msg }) => msg === "reloading celery-worker", 120_000);
    await eventually(async () => (await serviceOf(cake, "celery-worker")).ready, { timeoutMs: 120_000 });
    expect(await serviceOf(cake, "celery-beat")).toMatchObject({ state: "stopped", held: true });
    // The site serves without beat: the container is ready, and says what is not there.
    const verbose = await djinit("health", "--verbose");
    expect(verbose).toMatchObject({ exitCode: 0 });
    expect(verbose.stdout).toContain("[+] celery-beat is stopped, as an operator asked");
    expect(await djinit("start", "celery-beat")).toMatchObject({
      exitCode: 0,
      stdout: "celery-beat is running",
    });
    expect((await serviceOf(cake, "celery-beat")).held).toBeUndefined();
  });

  test("without nginx or gunicorn the container is alive, not ready, and says why and how to go on", async () => {
    for (const service of ["nginx", "gunicorn"]) {
      expect((await djinit("stop", service)).stdout).toContain("the container is not ready until");
      const health = await djinit("health");
      expect(health.exitCode).toBe(1);
      expect(health.stdout).toContain(`\`djinit start ${service}\` brings it back`);
      expect(await djinit("health", "--live")).toMatchObject({ exitCode: 0, stdout: "live" });
      expect((await djinit("status")).stdout).toContain("* stopped by an operator");
      expect((await djinit("start", service)).exitCode).toBe(0);
    }
    await serves(cake);
  });

  test("nginx is not started before gunicorn is there", async () => {
    await djinit("stop", "nginx");
    await djinit("stop", "gunicorn");
    const early = await djinit("start", "nginx");
    expect(early.exitCode).toBe(1);
    expect(early.stderr).toContain("it needs gunicorn, which is stopped");
    await djinit("start", "gunicorn");
    expect(await djinit("start", "nginx")).toMatchObject({ exitCode: 0 });
    await serves(cake);
  });
});

describe("what cannot be done is refused, with the way out", () => {
  test.each([
    {
      words: ["restart", "ngnix"],
      exitCode: 1,
      says: "there are gunicorn, nginx, celery-worker, celery-beat",
    },
    { words: ["start", "nginx"], exitCode: 1, says: "`djinit restart nginx` starts it anew" },
    { words: ["scale", "nginx", "+1"], exitCode: 1, says: "only gunicorn can be scaled" },
    { words: ["scale", "gunicorn", "0"], exitCode: 1, says: "does not lead to 1 to 1024" },
    { words: ["scale", "gunicorn", "many"], exitCode: 2, says: "usage: djinit scale gunicorn +1|-1|N" },
    { words: ["restart"], exitCode: 2, says: "usage: djinit restart SERVICE" },
    { words: ["stop", "nginx", "gunicorn"], exitCode: 2, says: '"gunicorn" is too much' },
    { words: ["status", "--jsn"], exitCode: 2, says: "usage: djinit status [--json] [--watch]" },
    { words: ["logs", "--lines", "-3"], exitCode: 2, says: 'cannot show "-3" records' },
    { words: ["logs", "--level", "loud"], exitCode: 2, says: "debug, info, warn, error, fatal" },
    { words: ["logs", "ngnix"], exitCode: 1, says: "there are djinit, gunicorn, nginx" },
  ])("djinit $words", async ({ words, exitCode, says }) => {
    const ran = await djinit(...words);
    expect(ran.exitCode).toBe(exitCode);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).toMatch(/^djinit: cannot .+ \[DJINIT_[A-Z_]+\]\n\S/);
  });

  test("a second stop", async () => {
    await djinit("stop", "celery-beat");
    const again = await djinit("stop", "celery-beat");
    expect(again.exitCode).toBe(1);
    expect(again.stderr).toContain("it is stopped already; `djinit start celery-beat` starts it");
    await djinit("restart", "celery-beat");
    expect(await serviceOf(cake, "celery-beat")).toMatchObject({ state: "running" });
  });

  test("everything, to everybody but root and djinit", async () => {
    for (const user of ["django", "nginx", "nobody"]) {
      for (const words of [["restart", "nginx"], ["stop", "nginx"], ["logs"], ["reload"]]) {
        const ran = await cake.exec(["djinit", ...words], { user });
        expect([user, words, ran.exitCode]).toEqual([user, words, 1]);
        expect(ran.stderr).toContain("only root and user djinit may");
      }
    }
    expect((await cake.exec(["djinit", "logs"], { user: "djinit" })).exitCode).toBe(0);
  });
});

describe("scale", () => {
  const workers = async () => (await childrenOf(cake, await mainPid(cake, "gunicorn"))).length;

  test.each([
    { to: "+2", count: 3 },
    { to: "-1", count: 2 },
    { to: "4", count: 4 },
    { to: "1", count: 1 },
  ])("gunicorn $to: $count workers", async ({ to, count }) => {
    expect(await djinit("scale", "gunicorn", to)).toMatchObject({ exitCode: 0 });
    await eventually(async () => (await workers()) === count, {
      what: `${count} workers`,
      timeoutMs: 30_000,
    });
    await serves(cake);
  });
});

describe("logs", () => {
  test("has the last records as they were written, by service and level", async () => {
    await http(await cake.url("/no-such-page"));
    await cake.record("the request", ({ msg }) => msg.includes("/no-such-page"));
    const shown = (await djinit("logs")).stdout.split("\n");
    const written = (await cake.stdout()).split("\n");
    expect(shown.length).toBeGreaterThan(20);
    for (const line of shown) expect(written).toContain(line);
    const ofNginx = (await djinit("logs", "nginx")).stdout.split("\n");
    expect(ofNginx.some((line) => line.includes("/no-such-page"))).toBe(true);
    expect(ofNginx.filter((line) => !line.includes('"service":"nginx"'))).toEqual([]);
    const last = (await djinit("logs", "--lines", "3")).stdout.split("\n");
    expect(last).toHaveLength(3);
    const grave = (await djinit("logs", "djinit", "--level", "error")).stdout;
    expect(grave).toBe("");
  });

  test("-f shows what comes, as it comes", async () => {
    const following = cake.exec(["timeout", "4", "djinit", "logs", "-f", "nginx", "--lines", "0"]);
    // The exec itself takes a moment; requests go on until it has surely begun.
    const ending = performance.now() + 3_000;
    while (performance.now() < ending) {
      await http(await cake.url(`/followed-${Math.round(ending - performance.now())}`));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const lines = (await following).stdout.split("\n");
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.filter((line) => !line.includes("/followed-"))).toEqual([]);
  });
});

describe("the control socket", () => {
  const asRoot = (script: string) =>
    cake.output(["python", "-c", `import json, os, socket, time\n${script}`], {
      user: "root",
      timeoutMs: 60_000,
    });
  const CONNECT = `def connect():
    s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect("/run/djinit/control.sock"); return s
`;

  test("a request that is too long is refused, and not carried out", async () => {
    const before = await serviceOf(cake, "celery-beat");
    const script = `${CONNECT}
for text in ['{"verb":"restart","service":"celery-beat"%s}\\n' % (" " * 2000), "x" * 5000]:
    s = connect(); s.sendall(text.encode()); print(json.loads(s.makefile().read())["error"]["code"])`;
    expect(await asRoot(script)).toBe("DJINIT_BAD_USAGE\nDJINIT_BAD_USAGE");
    const { pid, state } = await serviceOf(cake, "celery-beat");
    expect({ pid, state }).toEqual({ pid: before.pid, state: "running" });
  });

  test("who says nothing, or only half of it, costs PID 1 no descriptor and nobody an answer", async () => {
    const open = async () =>
      Number(await cake.output(["sh", "-c", "ls /proc/1/fd | wc -l"], { user: "djinit" }));
    const before = await open();
    const script = `${CONNECT}
for _ in range(50):
    s = connect(); s.sendall(b'{"verb":"restart","service":"ngi'); s.shutdown(socket.SHUT_WR)
    assert s.recv(100) == b""
silent = [connect() for _ in range(200)]
s = connect(); s.sendall(b'{"verb":"health"}\\n'); print(json.loads(s.makefile().read())["ready"])
quiet = connect(); print(quiet.recv(100))`;
    expect(await asRoot(script)).toBe("True\nb''");
    await eventually(async () => (await open()) <= before + 2, {
      what: "no descriptor is kept",
      timeoutMs: 20_000,
    });
    expect((await djinit("health")).exitCode).toBe(0);
  });
});

test("while the container stops nothing is started or stopped any more", async () => {
  await cake.signal("TERM");
  await cake.record("the stop", ({ msg }) => msg.startsWith("stopping: "));
  const refused = [["restart", "nginx"], ["stop", "gunicorn"], ["reload"], ["scale", "gunicorn", "+1"]].map(
    async (words) => {
      const ran = await djinit(...words);
      expect([words, ran.exitCode]).toEqual([words, 1]);
      expect(ran.stderr).toContain("the container is being stopped [DJINIT_REFUSED]");
    },
  );
  const health = djinit("health");
  await Promise.all(refused);
  expect((await health).stdout).toBe("stopping");
  expect(await cake.wait()).toBe(0);
});
