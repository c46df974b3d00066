// Processes of the project's own, from its Procfile: beside web, and in a container of their own.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { processTable } from "../support/proc.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { isReady, mainPid } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { startProject } from "./project-subject.ts";

const START_TIMEOUT_MS = 90_000;

/** Works until it is told to end, and finishes what it has in hand. */
const JOB = `import os, signal, sys, time

def finish(*_):
    print("drained", flush=True)
    time.sleep(0.5)
    sys.exit(0)

signal.signal(getattr(signal, os.environ.get("ENDS_BY", "SIGTERM")), finish)
print("WARNING works as", os.getuid(), "for", os.environ["SECRET_KEY"], "without", os.environ.get("DJINIT_PROCESSES"), flush=True)
while True:
    time.sleep(0.1)
`;

const PROCFILE = `web: gunicorn cake_service.wsgi --workers 2
job: python job.py
loop: while true; do python job.py; echo again; done
emails: cd cake_service && WHOSE=mail exec celery worker -Q emails
once: echo done by $(id -un)
`;

const FILES = { "/app/Procfile": PROCFILE, "/app/job.py": JOB };
const WELL = "/run/django/well";

const containers: Container[] = [];
afterAll(() => Promise.all(containers.map((container) => container.rm())));

async function start(command: string[], env: Record<string, string> = {}, files = {}): Promise<Container> {
  const container = await startProject({
    command,
    env,
    files: { ...FILES, ...files },
    publish: [8000, ADMIN_PORT],
  });
  containers.push(container);
  return container;
}

const said = async (container: Container, service: string) =>
  (await container.records()).filter((record) => record.service === service).map(({ msg }) => msg);

describe("beside web", () => {
  let web: Container;
  const services = ["gunicorn", "nginx", "job.1", "job.2", "emails"];
  const answersOf = async (probe: string) => askAdmin(web, `/${probe}?verbose`);

  beforeAll(async () => {
    web = await start(["web"], {
      DJINIT_PROCESSES: "job=2,emails",
      DJINIT_HEALTH_JOB: `cd / && test -e ${WELL} || { echo nothing is well; exit 3; }`,
      DJINIT_HEALTH_PERIOD: "1",
      DJINIT_STOP_SIGNAL_JOB: "INT",
      ENDS_BY: "SIGINT",
    });
  });

  test("the container is ready when the commands of health say so", async () => {
    await web.record("the boot's end", ({ msg }) => msg === "emails is ready", START_TIMEOUT_MS);
    await eventually(
      async () => {
        const { status, text } = await answersOf("readyz");
        return status === 503 && /job\.1 is starting: .* status 3: nothing is well/.test(text);
      },
      { what: "why it is not ready", timeoutMs: START_TIMEOUT_MS, attach: () => web.logs() },
    );
    await web.output(["touch", WELL]);
    await web.record("readiness", isReady, START_TIMEOUT_MS);
    expect((await answersOf("readyz")).status).toBe(200);
  });

  test("each process has its name, and runs as django with the application's environment", async () => {
    const status = JSON.parse(await web.output(["djinit", "status", "--json"])) as {
      services: { service: string; ready: boolean }[];
    };
    expect(status.services.map(({ service }) => service)).toEqual(services);
    for (const name of ["job.1", "job.2"]) {
      expect(await said(web, name)).toEqual([
        expect.stringMatching(/^(WARNING )?works as 1\d* for for-a-test without None$/),
      ]);
    }
    const gunicorn = await mainPid(web, "gunicorn");
    const workers = (await processTable(web)).filter(({ ppid }) => ppid === gunicorn);
    expect(workers).toHaveLength(2);
  });

  test("the metrics know them, and the worker of the Procfile has its queue", async () => {
    const { text } = await askAdmin(web, "/metrics");
    for (const name of services) expect(text).toContain(`djinit_service_ready{service="${name}"} 1`);
    await eventually(
      async () => /celery_worker_up\{service="emails"\} 1/.test((await askAdmin(web, "/metrics")).text),
      { what: "the worker's report", timeoutMs: 30_000 },
    );
    const emails = await mainPid(web, "emails");
    const { argv = [] } = (await processTable(web)).find(({ pid }) => pid === emails) ?? {};
    expect(argv.join(" ")).toMatch(/celery --app cake_service worker --hostname emails@%h .* -Q emails$/);
    const seen = `readlink /proc/${emails}/cwd; tr '\\0' '\\n' < /proc/${emails}/environ | grep WHOSE`;
    expect(await web.output(["sh", "-c", seen], { user: "django" })).toBe("/app/cake_service\nWHOSE=mail");
  });

  test("one that is not well is neither ready nor alive, until it is well again", async () => {
    await web.output(["rm", WELL]);
    const isIll = async () => (await answersOf("livez")).status === 503;
    await eventually(isIll, { what: "illness", timeoutMs: 60_000, attach: () => web.logs() });
    expect((await answersOf("livez")).text).toMatch(
      /job\.\d is not well: its health command ended with status 3/,
    );
    await web.record("the record", ({ msg }) => /^job\.\d is not well: .*nothing is well$/.test(msg));
    await web.output(["touch", WELL]);
    await eventually(async () => (await answersOf("readyz")).status === 200, {
      what: "health",
      timeoutMs: 60_000,
      attach: () => web.logs(),
    });
  });

  test("one that dies is started again; verbs and levels take its name", async () => {
    await web.output(["kill", "-KILL", String(await mainPid(web, "job.1"))], { user: "root" });
    await web.output(["djinit", "restart", "job.2"]);
    // The commands of health know nothing of the programs: a stop would find them before they heed it.
    await eventually(
      async () =>
        (await Promise.all(["job.1", "job.2"].map((name) => said(web, name)))).every(
          (lines) => lines.filter((line) => line.includes("works as")).length === 2,
        ),
      { what: "a new start of both", timeoutMs: 30_000, attach: () => web.logs() },
    );
    expect(await said(web, "job.2")).toContain("drained");
    expect(await web.output(["djinit", "logs", "job.2"])).toContain("drained");
    expect(await said(web, "job.1")).not.toContain("drained");
  });

  test("the entry's name means all of its processes, which are restarted one after the other", async () => {
    const before = await said(web, "job.2");
    expect(await web.output(["djinit", "restart", "job"])).toBe("job.1 is running\njob.2 is running");
    const asked = (await web.records()).filter(({ msg }) => msg.startsWith("restarting job."));
    expect(asked.slice(-2).map(({ target }) => target)).toEqual(["job.1", "job.2"]);
    await eventually(
      async () =>
        (await Promise.all(["job.1", "job.2"].map((name) => said(web, name)))).every((lines) =>
          lines.at(-1)?.includes("works as"),
        ) && (await said(web, "job.2")).length > before.length,
      { what: "a new start of both", timeoutMs: 30_000, attach: () => web.logs() },
    );
    const lines = await web.output(["djinit", "logs", "job"]);
    for (const name of ["job.1", "job.2"]) expect(lines).toContain(`"service":"${name}"`);
    expect(lines).not.toContain('"service":"gunicorn"');
  });

  test("a stop lets each finish what it has in hand", async () => {
    expect(await web.stop()).toBe(0);
    expect((await said(web, "job.1")).at(-1)).toBe("drained");
    expect((await said(web, "job.2")).at(-1)).toBe("drained");
  });
});

describe("in a container of its own", () => {
  test("an entry is a role, and a stop reaches the program behind the shell's loop", async () => {
    const container = await start(["loop"], { DJINIT_LOG_LEVEL: "loop=info,celery-worker=warn" });
    const ready = await container.record("readiness", isReady, START_TIMEOUT_MS);
    expect(ready).toMatchObject({ role: "process" });
    await eventually(async () => (await said(container, "loop")).length === 1, {
      what: "the program's word",
      timeoutMs: 30_000,
    });
    // Beside it the entry is a command, as any other.
    expect(await container.output(["djinit", "once"])).toBe("done by django");
    expect(await container.stop()).toBe(0);
    expect((await said(container, "loop")).slice(1)).toEqual(["drained"]);
  });

  test("the release line comes after the steps, and its failure has a code of its own", async () => {
    const line = (status: number) => ({
      "/app/Procfile": `release: cd / && echo released for $SECRET_KEY && exit ${status}`,
    });
    const released = await start(["release"], {}, line(0));
    expect(await released.wait()).toBe(0);
    const records = await released.records();
    const said = records.map(({ service, msg }) => `${service}: ${msg}`);
    expect(said).toContain("release: released for for-a-test");
    expect(said.at(-2)).toMatch(/^djinit: the Procfile's release line finished in [\d.]+ s$/);
    expect(said.at(-1)).toBe("djinit: released: every step of the boot is done");
    const failed = await start(["release"], { SKIP_MIGRATIONS: "1" }, line(3));
    const error = await failsWith(failed, { status: 85, code: "DJINIT_RELEASE_FAILED" });
    expect(error).toMatchObject({ release_status: 3, lines: ["released for for-a-test"] });
  });

  test("a faulty Procfile is told with all its faults, where an entry is to be run; a name that is none too", async () => {
    const faulty = { "/app/Procfile": `${PROCFILE}job: again\nnaked words\n` };
    const container = await start(["job"], {}, faulty);
    const error = await failsWith(container, { status: 78, code: "DJINIT_BAD_CONFIGURATION" });
    expect(error.msg).toMatch(
      /line 6: "job" has line 2 already.*; Procfile line 7: "naked" is followed by no colon/,
    );
    const config = await start(["config"], { DJINIT_PROCESSES: "job,jbo" });
    expect(await config.wait()).toBe(78);
    expect(await config.stdout()).toMatch(
      /^\/app\/Procfile:4 +emails +worker +cd cake_service && WHOSE=mail exec celery worker -Q emails$/m,
    );
    expect(await config.stderr()).toMatch(
      /^DJINIT_PROCESSES names "jbo", .*: it has web, job, loop, emails, once\n?$/,
    );
    const unknown = await start(["jbo"]);
    const missing = await failsWith(unknown, { status: 78, code: "DJINIT_UNKNOWN_COMMAND", on: "stderr" });
    expect(missing.msg).toBe('cannot find command "jbo"; /app/Procfile has web, job, loop, emails, once');
    const command = await start(["true"], {}, faulty);
    expect(await command.wait()).toBe(0);
  });
});
