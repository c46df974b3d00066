import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, describe, expect, test } from "vitest";
import type { EarlyInterpreter, EarlyReader } from "../../../src/boot/django/early-reader.ts";
import { canFork, orderFork } from "../../../src/boot/django/forked-reader.ts";
import { type EarlyService, startEarly } from "../../../src/boot/gunicorn/early.ts";
import { readProcessStat } from "../../../src/platform/proc.ts";
import { pythonTools } from "../../../tools/python/environment.ts";
import { eventually } from "../../support/eventually.ts";

const LIMIT_MS = 30_000;
const NEVER = new AbortController().signal;
const PYTHON = join(import.meta.dirname, "../../../python");
const directory = mkdtempSync(join(tmpdir(), "djinit-forked-"));
afterAll(() => rmSync(directory, { recursive: true }));

/** The gate's own code, without a gunicorn around it. */
const AT_THE_GATE = `
import runpy
from as_in_image import as_in_image, path_of
with as_in_image():
    runpy.run_path(path_of("djinit_gate.py"))
print("through", flush=True)
`;

/** The same with a worker, which loads an application of Django's. */
const WITH_WORKER = `${AT_THE_GATE}
import os, sys
worker = os.fork()
if worker == 0:
    sys.modules["djinit_hold"].begin_worker(None)
    open("worker", "w").write(str(os.getpid()))
    import django
    django.setup()
    open("served", "w").write("1")
    os._exit(0)
print(os.waitpid(worker, 0))
`;

function start(argv: string[], settings = "", manner: { firstWordMs?: number; holds?: boolean } = {}) {
  writeFileSync(join(directory, "shop_settings.py"), settings);
  const { env } = pythonTools();
  const folders = ["tests", "boot", "gunicorn", "shared"].map((folder) => join(PYTHON, folder));
  const wanted = {
    ...env,
    DJANGO_SETTINGS_MODULE: "shop_settings",
    PYTHONDONTWRITEBYTECODE: "1",
    PYTHONPATH: [directory, ...folders].join(":"),
  };
  const plan = { name: "gunicorn", argv, cwd: directory, environment: { OWN: "1" } };
  const { gunicorn, reader } = startEarly(plan as unknown as Parameters<typeof startEarly>[0], wanted, {
    orderFork: () => orderFork(wanted, ["django.forms"], manner),
  });
  if (reader === undefined) throw new Error("cannot start it");
  return { gunicorn, reader };
}

function startGate(settings: string): { gunicorn: EarlyService; reader: EarlyReader } {
  return start([pythonTools().python, "-c", AT_THE_GATE], settings);
}

async function taken(reader: EarlyReader): Promise<EarlyInterpreter> {
  const early = await reader.take(NEVER);
  if (early === undefined) throw new Error("cannot take it");
  return early;
}

const openFds = () => readdirSync("/proc/self/fd").length;
function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
const isGone = (pid: number) => readProcessStat(pid) === undefined;

test("gunicorn's fork tells the settings, and its end; gunicorn goes on", async () => {
  const { gunicorn, reader } = startGate('import os\nINSTALLED_APPS = [os.environ.get("OWN", "cakes")]\n');
  const { interpreter } = await taken(reader);
  expect(await reader.take(NEVER)).toBeUndefined();
  const said = await text(interpreter.socket);
  expect(said).toContain('"INSTALLED_APPS": ["cakes"]');
  expect(said).toContain('"finished"');
  expect(await interpreter.ended).toEqual({ status: 0, signal: null });
  const started = gunicorn.open({});
  expect(started).toBeDefined();
  await eventually(() => gunicorn.endStatus() === 0, { what: "it is through", timeoutMs: LIMIT_MS });
});

test("signals reach the fork alone, and nobody that has its PID later", async () => {
  const { gunicorn, reader } = startGate("import time\ntime.sleep(600)\n");
  const { interpreter } = await taken(reader);
  const { pid, send } = interpreter;
  if (pid === undefined || send === undefined) throw new Error("its PID is not known");
  const stranger = spawn("sleep", ["600"]);
  send(stranger.pid as number, "SIGKILL");
  expect(stranger.kill("SIGTERM")).toBe(true);
  expect(await once(stranger, "exit")).toEqual([null, "SIGTERM"]);
  send(pid, "SIGTERM");
  expect(await interpreter.ended).toEqual({ status: null, signal: "SIGTERM" });
  expect(gunicorn.endStatus()).toBeUndefined();
  gunicorn.open({});
  await eventually(() => gunicorn.endStatus() === 0, { what: "it is through", timeoutMs: LIMIT_MS });
});

test("one that nobody has a use for is ended", async () => {
  const { gunicorn, reader } = startGate(
    `import os, time\nopen("${directory}/pid", "w").write(str(os.getpid()))\ntime.sleep(600)\n`,
  );
  const running = () => Number(readText(join(directory, "pid"))) || false;
  const pid = (await eventually(running, { what: "it runs", timeoutMs: LIMIT_MS })) as number;
  reader.discard();
  await eventually(() => isGone(pid), { what: "it is gone", timeoutMs: LIMIT_MS });
  expect(await reader.take(NEVER)).toBeUndefined();
  gunicorn.open({});
  await eventually(() => gunicorn.endStatus() === 0, { what: "it is through", timeoutMs: LIMIT_MS });
});

describe("a worker that is to load the application", () => {
  const startHeld = (settings: string) => {
    for (const name of ["worker", "served"]) rmSync(join(directory, name), { force: true });
    return start([pythonTools().python, "-c", WITH_WORKER], settings, { holds: true });
  };
  const workerPid = () => Number(readText(join(directory, "worker"))) || false;

  test("tells the settings, and goes on with them when it is let through", async () => {
    const { gunicorn, reader } = startHeld(
      'SECRET_KEY = "x"\nINSTALLED_APPS = ["django.contrib.messages"]\n',
    );
    const { interpreter, stdout } = await taken(reader);
    closeSync(stdout.writeFd);
    expect(await text(interpreter.socket)).toContain('"INSTALLED_APPS": ["django.contrib.messages"]');
    expect(await interpreter.ended).toEqual({ status: 0, signal: null });
    // It is no process of the boot's that could be ended.
    expect(interpreter.pid).toBeUndefined();
    reader.discard();
    expect(isGone(workerPid() as number)).toBe(false);
    expect(readText(join(directory, "served"))).toBe("");
    expect(gunicorn.open({})).toBeDefined();
    await eventually(() => gunicorn.endStatus() === 0, { what: "it is through", timeoutMs: LIMIT_MS });
    expect(readText(join(directory, "served"))).toBe("1");
  });

  test("is ended with its gunicorn where something will be changed", async () => {
    const { gunicorn, reader } = startHeld('SECRET_KEY = "x"\n');
    await text((await taken(reader)).interpreter.socket);
    const pid = workerPid() as number;
    reader.dismiss?.();
    await eventually(() => isGone(pid) && gunicorn.endStatus() !== undefined, {
      what: "both are gone",
      timeoutMs: LIMIT_MS,
    });
    expect(gunicorn.open({})).toBeUndefined();
    expect(readText(join(directory, "served"))).toBe("");
    // Another one may have its PID by now.
    reader.dismiss?.();
  });

  test("cannot import them: another one has to be started, at once", async () => {
    const { gunicorn, reader } = startHeld("raise ValueError\n");
    expect(await reader.take(NEVER)).toBeUndefined();
    gunicorn.open({});
    await eventually(() => gunicorn.endStatus() === 0, { what: "it is through", timeoutMs: LIMIT_MS });
  });
});

test("a fork is not what a change ends", async () => {
  const { gunicorn, reader } = startGate("");
  await text((await taken(reader)).interpreter.socket);
  reader.dismiss?.();
  expect(gunicorn.open({})).toBeDefined();
  await eventually(() => gunicorn.endStatus() === 0, { what: "it is through", timeoutMs: LIMIT_MS });
});

test.each([
  ["ends", ["true"], {}],
  ["says nothing in time", ["sleep", "600"], { firstWordMs: 50 }],
])("where gunicorn %s, another one has to be started, and nothing stays open", async (_, argv, manner) => {
  const before = openFds();
  const { gunicorn, reader } = start(argv, "", manner);
  expect(await reader.take(NEVER)).toBeUndefined();
  const pid = gunicorn.open({})?.pid;
  if (pid !== undefined) process.kill(pid, "SIGKILL");
  // The pipes of gunicorn itself are the second life's.
  await eventually(() => openFds() <= before + 2, { what: "they are closed", timeoutMs: LIMIT_MS });
});

test("a stop does not wait for it", async () => {
  const { gunicorn, reader } = start(["sleep", "600"]);
  const stop = AbortSignal.abort(new Error("stopped"));
  await expect(reader.take(stop)).rejects.toThrow("stopped");
  process.kill(gunicorn.open({})?.pid as number, "SIGKILL");
});

test("its environment must not have what gunicorn's has not", () => {
  const own = { DATABASE_URL: "a", SHOP: "1", DJINIT_GATE_FD: "4" };
  expect(canFork(own, { DATABASE_URL: "a", SHOP: "1" })).toBe(true);
  expect(canFork(own, { DATABASE_URL: "b" })).toBe(false);
  expect(canFork(own, { SECRET: "1" })).toBe(false);
});
