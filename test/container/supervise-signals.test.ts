import { afterAll, beforeAll, expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { childrenOf, mainPid, serves, startReadyCake } from "./cake-subject.ts";

let cake: Container;
beforeAll(async () => {
  cake = await startReadyCake({ env: { CELERY_WORKER: "1", GUNICORN_CMD_ARGS: "--workers 2" } });
});
afterAll(() => cake?.rm());

async function workerPids(service: string): Promise<number[]> {
  return (await childrenOf(cake, await mainPid(cake, service))).map(({ pid }) => pid).sort();
}

test("HUP gives nginx and gunicorn new workers while the masters stay, and no request fails", async () => {
  const url = await cake.url("/api/cakes/");
  const services = ["gunicorn", "nginx"];
  const masters = await Promise.all(services.map((service) => mainPid(cake, service)));
  const before = await Promise.all(services.map(workerPids));
  const celery = await mainPid(cake, "celery-worker");
  let reloading = true;
  const load = (async () => {
    const statuses: number[] = [];
    while (reloading) statuses.push((await http(url)).status);
    return statuses;
  })();
  for (const round of [1, 2]) {
    await cake.signal("HUP");
    await eventually(
      async () => {
        const now = await Promise.all(services.map(workerPids));
        return now.every((pids, at) => pids.length > 0 && pids.every((pid) => !before[at]?.includes(pid)));
      },
      { what: `new workers, round ${round}`, timeoutMs: 20_000, attach: () => cake.logs() },
    );
  }
  reloading = false;
  const statuses = await load;
  expect(statuses.length).toBeGreaterThan(10);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(await Promise.all(services.map((service) => mainPid(cake, service)))).toEqual(masters);
  // Celery takes new code by a new process only.
  await eventually(async () => (await mainPid(cake, "celery-worker")) !== celery, {
    what: "a new worker",
    timeoutMs: 20_000,
  });
});

test("TTIN and TTOU are gunicorn's: one worker more, one less", async () => {
  await eventually(async () => (await workerPids("gunicorn")).length === 2, { what: "two workers" });
  await cake.signal("TTIN");
  await eventually(async () => (await workerPids("gunicorn")).length === 3, { what: "three workers" });
  await cake.signal("TTOU");
  await eventually(async () => (await workerPids("gunicorn")).length === 2, { what: "two workers" });
});

test("USR1 reaches gunicorn", async () => {
  await cake.signal("USR1");
  await cake.record("gunicorn's answer", ({ service, msg }) => service === "gunicorn" && /usr1/i.test(msg));
});

test("a signal that means nothing here is logged and does no harm", async () => {
  for (const signal of ["USR2", "WINCH"]) {
    await cake.signal(signal);
    const record = await cake.record(signal, (it) => it["signal"] === `SIG${signal}`);
    expect(record).toMatchObject({ level: "warn", service: "djinit" });
    expect(record.msg).toContain("not forwarded");
  }
  await serves(cake);
});

test("HUP, USR1 and TTIN to a gunicorn that is only starting do not end or freeze it", async () => {
  await using young = await startReadyCake();
  await young.output(["sh", "-c", `kill -9 "$(cat /run/gunicorn/gunicorn.pid)"`]);
  const starts = async () => (await young.records()).filter(({ msg }) => msg === "gunicorn started").length;
  await eventually(async () => (await starts()) === 2, { what: "the second start", intervalMs: 5 });
  for (const signal of ["USR1", "TTIN", "HUP"]) await young.signal(signal);
  await serves(young);
  const failures = (await young.records()).filter(({ msg }) => msg.startsWith("gunicorn ended"));
  expect(failures.map(({ exit_status }) => exit_status)).toEqual([137]);
});

test("a command gets every signal that djinit has no use for", async () => {
  const signals = ["HUP", "USR1", "USR2", "TTIN", "TTOU", "WINCH"];
  const script = `import signal, sys
for name in sys.argv[1:]:
    signal.signal(getattr(signal, "SIG" + name), lambda number, frame: print(signal.Signals(number).name, flush=True))
print("up", flush=True)
while True:
    signal.pause()`;
  await using container = await runContainer({
    image: runContext().images.djinit,
    command: ["python", "-c", script, ...signals],
    publish: [],
  });
  for (const [at, awaited] of ["up", ...signals.map((name) => `SIG${name}`)].entries()) {
    await eventually(async () => (await container.stdout()).split("\n").includes(awaited), {
      what: awaited,
      attach: () => container.logs(),
    });
    const next = signals[at];
    if (next !== undefined) await container.signal(next);
  }
});
