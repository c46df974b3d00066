// While the application is loaded nobody looks for garbage in it; from then on Python does as ever.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { startReadyProject } from "./project-subject.ts";

/** A WSGI application that tells the thresholds of the time when it was loaded, those of now, and how much is frozen. */
const TELLER = `
import gc, json, os
loaded = gc.get_threshold()[0]
frozen_before = gc.get_freeze_count() > 1000
if "OWN" in os.environ:
    gc.set_threshold(4321)
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    told = {"loaded": loaded, "now": gc.get_threshold()[0], "frozen": gc.get_freeze_count() > 1000,
            "frozenBefore": frozen_before, "pid": os.getpid()}
    return [json.dumps(told).encode()]
`;
const PYTHON_DEFAULT = 2_000;

async function start(env: Record<string, string> = {}, files: Record<string, string> = {}) {
  return startReadyProject({
    command: ["teller:application"],
    files: { "/app/teller.py": TELLER, ...files },
    env: { SKIP_MIGRATIONS: "1", ...env },
    publish: [8000],
  });
}

type Told = { loaded: number; now: number; frozen: boolean; frozenBefore: boolean; pid: number };

test.each([
  ["a worker's own load", {}],
  ["a load in the master", { GUNICORN_CMD_ARGS: "--preload" }],
])("%s, and that of a reload", async (_, env) => {
  await using container = await start(env);
  const url = await container.url();
  const ask = async () => JSON.parse(String((await http(url)).body)) as Told;
  const first = await ask();
  expect(first).toMatchObject({ loaded: 0, now: PYTHON_DEFAULT, frozen: true, frozenBefore: true });
  await container.signal("HUP");
  const next = await eventually(
    async () => {
      const told = await ask();
      return told.pid !== first.pid && told;
    },
    { what: "a worker after the reload", timeoutMs: 20_000, attach: () => container.logs() },
  );
  expect(next).toMatchObject({ loaded: 0, now: PYTHON_DEFAULT, frozen: true, frozenBefore: true });
});

test("a file of the user's own that has hooks of its own changes nothing", async () => {
  const ours = await readFile(join(import.meta.dirname, "../../docker/etc/gunicorn/config.py"), "utf8");
  const hooks = [
    "when_ready(server)",
    "post_fork(server, worker)",
    "post_worker_init(worker)",
    "on_reload(server)",
  ];
  const config = [ours, ...hooks.map((hook) => `def ${hook}:\n    print("a hook", flush=True)\n`)].join("\n");
  await using container = await start({}, { "/etc/gunicorn/config.py": config });
  const { body } = await http(await container.url());
  expect(JSON.parse(String(body))).toMatchObject({
    loaded: 0,
    now: PYTHON_DEFAULT,
    frozen: true,
    frozenBefore: true,
  });
  await container.record("the hook", ({ msg }) => msg === "a hook");
});

test("an application that chooses for itself is left alone", async () => {
  await using container = await start({ OWN: "1" });
  const { body } = await http(await container.url());
  expect(JSON.parse(String(body))).toMatchObject({ loaded: 0, now: 4321 });
});
