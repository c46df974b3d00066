// Ways to start the container: other users than root, fewer capabilities, a read-only root.
import { expect, test } from "vitest";
import type { RunOptions } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { processTable } from "../support/proc.ts";
import { isReady, serves, startReadyCake } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { startProject, startReadyProject } from "./project-subject.ts";

/** By owner and not by mode=1777: where the image has the directory, some engines take its mode whatever the option. */
const own = (path: string, uid: number) => `${path}:uid=${uid}`;
/** What the example's embedded database and broker write to. */
const DATA = "/app/data";
const BOOT_CAPABILITIES = ["CHOWN", "KILL", "SETGID", "SETPCAP", "SETUID"];

/** Starts it, sees it serve and stop cleanly; returns the uids of its processes. */
async function worksAs(options: Partial<RunOptions>): Promise<number[]> {
  await using container = await startReadyCake({ env: { SUPERUSER_PASSWORD: "hunter2" }, ...options });
  await serves(container);
  const uids = (await processTable(container)).map(({ uid }) => uid);
  expect(await container.stop()).toBe(0);
  await container.records();
  return [...new Set(uids)].sort((a, b) => a - b);
}

test("as user django", async () => {
  expect(await worksAs({ user: "104:107", tmpfs: [own("/run", 104)] })).toEqual([104]);
});

test("as a user the image does not know", async () => {
  expect(await worksAs({ user: "4242:0", tmpfs: [own("/run", 4242), own(DATA, 4242)] })).toEqual([4242]);
});

test("as a restricted pod: no root, no capability, no_new_privs, read-only", async () => {
  const more = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only"];
  expect(await worksAs({ user: "104:107", tmpfs: [own("/run", 104), own(DATA, 104), "/tmp"], more })).toEqual(
    [104],
  );
});

test("as another user, with files of one's own that name the usual places", async () => {
  await using container = await startReadyProject({
    user: "12345:0",
    publish: [8000],
    tmpfs: [own(DATA, 12345)],
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1" },
    files: {
      "/etc/nginx/conf.d/django.conf.d/upstream.conf":
        "upstream gunicorn { server unix:/run/gunicorn/gunicorn.sock; }\n",
      "/etc/gunicorn/config.py":
        'bind = "unix:/run/gunicorn/gunicorn.sock"\numask = 0o117\npidfile = "/run/gunicorn/gunicorn.pid"\n',
    },
  });
  await serves(container);
  // Its own copy is read again.
  await container.output(["sh", "-c", "echo 'nonsense;' >> /etc/nginx/conf.d/django.conf"], { user: "root" });
  await container.output(["djinit", "reload"]);
  const refused = await container.record("the refusal", ({ code }) => code === "DJINIT_RELOAD_REFUSED");
  expect(refused.msg).toContain("/etc/nginx/conf.d/django.conf:");
  expect(refused.msg).not.toContain("/tmp/");
  await serves(container);
  expect(await container.stop()).toBe(0);
});

test("as another user where nothing can be written to: one clear error", async () => {
  await using container = await startProject({ user: "104:107", more: ["--read-only", "--ipc", "none"] });
  const error = await failsWith(container, { status: 78, code: "DJINIT_RUNTIME_DIRECTORY" });
  for (const path of ["/run/djinit", "/tmp", "/dev/shm"]) expect(error.msg).toContain(path);
});

test("as another user on a read-only root with nothing at all: in shared memory", async () => {
  const env = { DATABASE_URL: "sqlite:////dev/shm/cakes.sqlite3" };
  expect(await worksAs({ user: "104:107", env, more: ["--read-only"] })).toEqual([104]);
});

test("as root with a read-only root and empty /run and /tmp", async () => {
  const uids = await worksAs({ tmpfs: ["/run", "/tmp", own(DATA, 104)], more: ["--read-only"] });
  expect(uids).toEqual([104, 105, 106]);
});

test("as root with no more capabilities than the boot names, and no_new_privs from outside", async () => {
  const more = ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
  for (const name of BOOT_CAPABILITIES) more.push("--cap-add", name);
  expect(await worksAs({ more })).toEqual([104, 105, 106]);
});

test("as root without CAP_DAC_OVERRIDE: also the second start, and what docker exec asks", async () => {
  const more = ["--cap-drop", "ALL", ...BOOT_CAPABILITIES.flatMap((name) => ["--cap-add", name])];
  const files = { "/app/media/private/cake.txt": "cake" };
  await using container = await startProject({ files, more, publish: [8000] });
  await container.record("readiness", isReady);
  // What an application keeps to itself is in root's way at the next start.
  const hide =
    "chmod 700 /run/gunicorn /run/celery && mkdir -m 700 /run/gunicorn/x.pid && touch /run/gunicorn/x.pid/y";
  await container.output(["sh", "-c", hide], { user: "django" });
  await container.output(["sh", "-c", "chmod 750 /app/media/private"], { user: "django" });
  await container.output(["chown", "1234", "/app/media/private", "/app/media"], { user: "root" });
  await docker("restart", ["restart", container.id]);
  await eventually(async () => (await container.exec(["djinit", "health"])).ok, {
    what: "health",
    timeoutMs: 60_000,
  });
  await serves(container, "/media/private/cake.txt");
  expect(await container.output(["djinit", "status"])).not.toContain("note:");
  expect(await container.output(["stat", "-c", "%a %U", "/app/media/private"])).toBe("750 django");
  expect(await container.output(["sh", "-c", "ls /run/gunicorn"], { user: "django" })).not.toContain("x.pid");
  expect(await container.stop()).toBe(0);
});

test("as root without capabilities: one clear error that names all that are missing", async () => {
  await using container = await startProject({ more: ["--cap-drop", "ALL"] });
  const error = await failsWith(container, { status: 78, code: "DJINIT_MISSING_CAPABILITY" });
  expect(error["missing"]).toEqual(expect.arrayContaining(BOOT_CAPABILITIES.map((name) => `CAP_${name}`)));
});

test("as root without one of the capabilities: that one is named", async () => {
  for (const name of ["SETPCAP", "KILL"]) {
    await using container = await startProject({ more: ["--cap-drop", name] });
    const error = await failsWith(container, { status: 78, code: "DJINIT_MISSING_CAPABILITY" });
    expect(error["missing"]).toEqual([`CAP_${name}`]);
  }
});

test("a /run that cannot be written to", async () => {
  await using container = await startProject({ more: ["--read-only"] });
  const error = await failsWith(container, { status: 78, code: "DJINIT_RUNTIME_DIRECTORY" });
  expect(error.msg).toContain("EROFS");
});
