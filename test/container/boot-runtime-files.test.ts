// What the boot leaves in the file system.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { isReady, serves, startCake, startReadyCake } from "./cake-subject.ts";

/** Path → `type+mode owner:group`. */
const EXPECTED = {
  "/run/gunicorn": "drwxr-xr-x django:django",
  "/run/gunicorn/gunicorn.pid": "-rw-r--r-- django:django",
  "/run/gunicorn/gunicorn.sock": "srw-rw---- django:django",
  "/run/celery": "drwxr-xr-x django:django",
  "/run/celery/beat.pid": "-rw-r--r-- django:django",
  "/run/celery/worker.pid": "-rw-r--r-- django:django",
  "/run/nginx": "drwxr-xr-x nginx:nginx",
  "/run/nginx/nginx.pid": "-rw-r--r-- nginx:nginx",
  "/run/django": "drwxr-xr-x django:django",
  "/run/djinit": "drwxr-xr-x djinit:djinit",
  "/run/djinit/control.sock": "srw------- djinit:djinit",
};
const ALL_IN_ONE = { CELERY_WORKER: "1", CELERY_BEAT: "1" };

let container: Container;
let onTmpfs: Container;

beforeAll(async () => {
  [container, onTmpfs] = await Promise.all([
    startReadyCake({ env: ALL_IN_ONE }),
    startReadyCake({ env: ALL_IN_ONE, tmpfs: ["/run"] }),
  ]);
});
afterAll(() => Promise.all([container.rm(), onTmpfs.rm()]));

async function listing(of: Container): Promise<Record<string, string>> {
  const text = await of.output(["find", "/run", "-printf", "%p\t%M %u:%g\n"]);
  return Object.fromEntries(text.split("\n").map((line) => line.split("\t") as [string, string]));
}

/** Celery counts as ready when it has lived for a while: on a busy machine its PID file may come later. */
async function hasExpectedFiles(of: Container): Promise<void> {
  await eventually(async () => expect(await listing(of)).toMatchObject(EXPECTED), {
    what: "the expected files",
    timeoutMs: 20_000,
  });
}

async function readyAgain(after: Container, times: number): Promise<void> {
  await after.record("readiness once more", (record) => isReady(record) && record.time > lastRestart, 60_000);
  expect((await after.records()).filter(isReady)).toHaveLength(times);
}
let lastRestart = "";

async function restart(which: Container): Promise<void> {
  lastRestart = new Date().toISOString();
  await docker("restart", ["restart", "--time", "30", which.id]);
}

test("the directories, sockets and PID files under /run, with their modes and owners", async () => {
  await hasExpectedFiles(container);
});

test("the same in an empty tmpfs", async () => {
  await hasExpectedFiles(onTmpfs);
  await serves(onTmpfs);
});

test("nothing is written to log files", async () => {
  const script = "find /var/log -newer /proc/1 -type f; find /var/log/nginx -type f";
  expect(await container.output(["sh", "-c", script])).toBe("");
});

test("the same container starts again, killed or stopped, with what the last run left", async () => {
  await restart(container);
  await readyAgain(container, 2);
  await docker("kill", ["kill", container.id]);
  await container.wait();
  expect(await container.inspect()).toMatchObject({ State: { ExitCode: 137 } });
  lastRestart = new Date().toISOString();
  await docker("start", ["start", container.id]);
  await readyAgain(container, 3);
  await serves(container);
  await hasExpectedFiles(container);
});

test("a link that user django leaves behind does not lead root elsewhere at the next start", async () => {
  const plant =
    "rm -r /run/gunicorn/prometheus && ln -s /etc/nginx /run/gunicorn/prometheus && mkdir /run/gunicorn/x.pid";
  await container.output(["sh", "-c", plant], { user: "django" });
  await restart(container);
  await serves(container);
  expect(await container.output(["stat", "-c", "%U %a", "/etc/nginx"])).toBe("root 755");
  expect((await listing(container))["/run/gunicorn/prometheus"]).toBe("drwxr-xr-x django:django");
});

test("a start as root in the place of a stale PID file of a process that lives", async () => {
  await using other = await startCake({ env: ALL_IN_ONE });
  await other.record("readiness", isReady, 60_000);
  const stale =
    "for f in gunicorn/gunicorn celery/worker celery/beat nginx/nginx; do echo 1 > /run/$f.pid; done";
  await other.output(["sh", "-c", stale]);
  await docker("kill", ["kill", other.id]);
  await other.wait();
  lastRestart = new Date().toISOString();
  await docker("start", ["start", other.id]);
  await readyAgain(other, 2);
});
