// A project that is not installed, in a directory that is not /app, can be imported by whatever is run.
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImage } from "../../tools/image/build-image.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { type Container, createContainer, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { runAttached } from "./attached.ts";
import { isReady, mainPid } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";

const DIRECTORY = "/srv/shop/src";
const tag = `djinit-test-not-installed:${IMAGE_VERSION}`;
/** Imports the project: neither its own directory nor the working directory is put on the path for it. */
const PROGRAM = "from shop.settings import GREETING; print(GREETING)";

const CHECKED = "System check identified no issues (0 silenced).";

beforeAll(async () => {
  const context = await mkdtemp(join(tmpdir(), "not-installed-"));
  try {
    await cp(join(import.meta.dirname, "../fixtures/not-installed"), join(context, "src"), {
      recursive: true,
    });
    const lines = [
      `FROM ${runContext().images.example}`,
      "RUN pip uninstall --quiet --yes --root-user-action ignore cake-service && rm -rf /app/*",
      `WORKDIR ${DIRECTORY}`,
      "COPY src .",
      "ENV DJANGO_SETTINGS_MODULE=shop.settings CELERY_APP=shop",
      "RUN chmod -R go+rX . && django-admin collectstatic --noinput && djinit manifest",
      // A virtual environment of the project's own, which has the packages of the image's.
      "RUN python -m venv --without-pip /srv/venv && cd /srv/venv && echo /opt/venv/lib/python3*/site-packages > $(echo lib/python3*/site-packages)/all.pth",
      `RUN printf '#!/srv/venv/bin/python\\n${PROGRAM}\\n' > /srv/venv/bin/greet && chmod 755 /srv/venv/bin/greet`,
      'CMD ["shop.wsgi:application"]',
    ];
    const dockerfile = join(context, "Dockerfile");
    await writeFile(dockerfile, `${lines.join("\n")}\n`);
    await buildImage({ tag, dockerfile, context });
  } finally {
    await rm(context, { recursive: true });
  }
});

describe("web, worker and beat in one container", () => {
  let shop: Container;
  beforeAll(async () => {
    shop = await runContainer({ image: tag, env: { CELERY_WORKER: "1", CELERY_BEAT: "1" } });
    await shop.record("readiness", isReady, 60_000);
  });
  afterAll(() => shop?.rm());

  test("gunicorn finds the project and its relative files, nginx its static files", async () => {
    expect((await http(await shop.url("/"))).text).toBe("Flour and butter");
    expect((await http(await shop.url("/static/shop/shop.css"))).text).toContain("teal");
  });

  test("celery works where gunicorn does, and keeps its own files in /run/celery", async () => {
    for (const service of ["celery-worker", "celery-beat", "gunicorn"]) {
      const pid = await mainPid(shop, service);
      expect(await shop.output(["readlink", `/proc/${pid}/cwd`], { user: "django" })).toBe(DIRECTORY);
    }
    const files = (await shop.output(["ls", "/run/celery"])).split("\n");
    expect(files).toEqual(expect.arrayContaining(["beat.pid", "worker.pid"]));
    expect(files.some((name) => name.startsWith("celerybeat-schedule"))).toBe(true);
    const records = await shop.records();
    expect(records.some(({ msg }) => msg.includes("shop.tasks.knead"))).toBe(true);
    expect(records.filter(({ level }) => level === "error")).toEqual([]);
  });

  test.each(["root", "django"])("%s runs the project's commands beside them", async (user) => {
    expect(await shop.output(["django-admin", "check"], { user })).toBe(CHECKED);
    expect(await shop.output(["celery", "report"], { user })).toContain("software -> ");
    if (user === "root") expect(await shop.output(["djinit", "django-admin", "check"])).toBe(CHECKED);
  });

  test("an interpreter that is asked for a safe path gets one", async () => {
    const { ok, stderr } = await shop.exec(["python", "-I", "-c", "import shop"]);
    expect({ ok, stderr }).toMatchObject({ ok: false, stderr: expect.stringContaining("No module named") });
  });

  test("root imports nothing from where the application may write, and says so", async () => {
    await shop.output(["chown", "django:django", DIRECTORY]);
    try {
      const refused = await shop.exec(["django-admin", "check"]);
      expect(refused.ok).toBe(false);
      expect(refused.stderr).toContain(`djinit: root does not import shop from ${DIRECTORY}`);
      expect(await shop.output(["djinit", "django-admin", "check"])).toBe(CHECKED);
    } finally {
      await shop.output(["chown", "root:root", DIRECTORY]);
    }
  });
});

test.each([
  ["names one", "schedule-of-mine", "/run/celery/schedule-of-mine"],
  ["names one by its path", "/tmp/schedule", "/tmp/schedule"],
])("where the configuration %s, beat's schedule is there", async (_, name, path) => {
  await using beat = await runContainer({
    image: tag,
    command: ["celery", "beat"],
    env: { SCHEDULE_FILENAME: name },
    publish: [],
  });
  await beat.record("readiness", isReady, 60_000);
  // celery opens it at its first tick.
  await eventually(async () => (await beat.exec(["sh", "-c", `ls ${path}*`])).stdout.includes(path), {
    what: `${path} is there`,
    timeoutMs: 60_000,
  });
});

test.each([
  [["django-admin", "check"], [], `${CHECKED}\n`],
  // The other Python is told by a variable.
  [
    ["/srv/venv/bin/greet"],
    ["--env", "PATH=/srv/venv/bin:/opt/venv/bin:/usr/bin:/bin"],
    "Flour and butter\n",
  ],
  [
    ["django-admin", "check"],
    ["--workdir", "/", "--env", `DJINIT_APP_DIRECTORY=${DIRECTORY}`],
    `${CHECKED}\n`,
  ],
])("the command %j with %j", async (command, more, expected) => {
  const { status, stdout, stderr } = await runAttached({ image: tag, command, more });
  expect({ status, stdout: stdout.toString() }, stderr).toEqual({ status: 0, stdout: expected });
});

test("a directory that the users of the services may not enter is refused by name", async () => {
  const container = await createContainer({ image: tag, publish: [], more: ["--workdir", "/root/shop"] });
  await docker("start it", ["start", container.id]);
  const { msg } = await failsWith(container, { status: 78, code: "DJINIT_BAD_CONFIGURATION" });
  expect(msg).toContain(
    'the application\'s directory "/root/shop" (WORKDIR, or DJINIT_APP_DIRECTORY) is closed to user django: `chmod a+rx /root`',
  );
  await container.rm();
});
