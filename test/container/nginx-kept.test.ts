// nginx keeps its connections to the application where that has exactly one worker process, and nothing is lost by it.
import { join } from "node:path";
import { expect, test } from "vitest";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { isReady } from "./cake-subject.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";

const FIXTURE = join(import.meta.dirname, "../fixtures/kept/kept.py");
const KEEPS = "/run/gunicorn/keeps";

async function start(command: readonly string[], env: Record<string, string> = {}): Promise<Container> {
  const container = await createContainer({
    image: runContext().images.djinit,
    command: [...command],
    env: { SKIP_MIGRATIONS: "1", WEB_CONCURRENCY: "1", ...env },
    publish: [8000],
  });
  await docker("copy the application", ["cp", FIXTURE, `${container.id}:/app/kept.py`]);
  await docker("start the container", ["start", container.id]);
  await container.record("readiness", isReady);
  return container;
}

async function isKept(container: Container): Promise<boolean> {
  return (await container.output(["sh", "-c", `test -f ${KEEPS} && echo kept || true`])).trim() === "kept";
}

function keeps(container: Container, wanted: boolean): Promise<void> {
  return eventually(async () => expect(await isKept(container)).toBe(wanted), {
    what: `connections are ${wanted ? "" : "not "}kept`,
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
}

/** Whether connections outlive their requests: one is there after two of them, one after the other. */
async function outlives(container: Container, method: string): Promise<boolean> {
  const said = await container.output(["python", "/app/kept.py", method, "8"]);
  const rows = said.split("\n").map((line) => line.split(" ").filter(Boolean));
  return rows.some((row, at) => row.some((inode) => rows[at + 1]?.includes(inode)));
}

/** Of those that others have made (a probe) none is there for long. */
function outlive(container: Container, method: string, wanted: boolean): Promise<void> {
  return eventually(async () => expect(await outlives(container, method)).toBe(wanted), {
    what: `connections of ${method} ${wanted ? "" : "do not "}outlive it`,
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
}

/** A worker has to load the application first. */
const PATIENT = { timeoutMs: 60_000 };

const KINDS = [
  ["threads", ["kept:wsgi"], { GUNICORN_CMD_ARGS: "--threads 4" }],
  ["asgi", ["kept:asgi"], {}],
] as const;

test.each(KINDS)(
  "%s: one worker's are kept, for GET alone; two workers' are not",
  async (_, command, env) => {
    await using container = await start(command, env);
    await keeps(container, true);
    await outlive(container, "GET", true);
    await outlive(container, "POST", false);
    await container.signal("TTIN");
    await keeps(container, false);
    await outlive(container, "GET", false);
    await container.signal("TTOU");
    await keeps(container, true);
    // Of one that kills its worker: nginx asks once more where the connection was a kept one, and not for each that it has kept.
    const url = await container.url("/");
    await Promise.all(Array.from({ length: 8 }, () => http(`${url}slow`)));
    await container.exec(["rm", "-f", "/tmp/asked"]);
    expect((await http(`${url}die`, PATIENT)).status).toBe(502);
    const asked = (await container.output(["cat", "/tmp/asked"])).trim().split("\n");
    expect(asked.length, asked.join(" ")).toBeLessThanOrEqual(2);
    await eventually(async () => expect((await http(url, PATIENT)).status).toBe(200), {
      what: "an answer",
      timeoutMs: 60_000,
    });
    await container.exec(["rm", "-f", "/tmp/asked"]);
    expect((await http(`${url}die`, { method: "POST", ...PATIENT })).status).toBe(502);
    expect((await container.output(["cat", "/tmp/asked"])).trim()).toBe("POST");
    // Nor is one made again that was under way for long before it ended its worker.
    await keeps(container, true);
    await container.exec(["rm", "-f", "/tmp/asked"]);
    for (let at = 0; at < 3; at += 1) await http(url, PATIENT);
    expect((await http(`${url}late`, PATIENT)).status).toBe(502);
    expect((await container.output(["cat", "/tmp/asked"])).trim()).toBe("GET");
  },
);

test.each(KINDS)(
  "%s: renewed by requests, reloaded and stopped, without a lost request",
  async (_, command, env) => {
    await using container = await start(command, { ...env, DJINIT_WORKER_MAX_REQUESTS: "150" });
    await keeps(container, true);
    const load = startLoad(container, 120, true);
    await underLoad(container);
    const isBoot = ({ msg }: { msg: string }) => msg.startsWith("Booting worker");
    const booted = async () => (await container.records()).filter(isBoot).length;
    const more = (count: number) =>
      eventually(async () => expect(await booted()).toBeGreaterThanOrEqual(count), {
        what: `${count} workers`,
        // The whole log is read each time, beside what it tells of.
        intervalMs: 1_000,
        timeoutMs: 120_000,
        attach: () => container.logs(),
      });
    await more(5);
    const before = await booted();
    await container.signal("HUP");
    await more(before + 3);
    const stopped = container.stop();
    expectNothingLost(await load.finish(), true);
    expect(await stopped).toBe(0);
  },
  360_000,
);
