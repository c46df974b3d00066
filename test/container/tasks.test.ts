// The worker of Django's tasks, whose backend is the database.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase, startPostgres } from "../support/postgres.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { ADMIN_PORT, scrape, serviceOf } from "./admin-subject.ts";
import { mainPid } from "./cake-subject.ts";
import { expectStacks } from "./dump-subject.ts";
import { answers, buildTasksProject, enqueue, hasStatus } from "./tasks-subject.ts";

const SETUP_MS = 240_000;
const PASSWORD = "of-a-test";

let image: string;
let postgres: Container;
let env: Record<string, string>;
let redis: Redis;
let web: Container;
const containers: Container[] = [];

beforeAll(async () => {
  const [started, broker, tag] = await Promise.all([
    startPostgres(PASSWORD),
    startRedis(),
    buildTasksProject(),
  ]);
  redis = broker;
  image = tag;
  postgres = started.container;
  containers.push(postgres, redis.container);
  env = { DATABASE_URL: (await createDatabase(started.server)).url };
  web = await run({ DJANGO_TASKS_WORKER: "1" });
  await answers(web, "readyz", 200);
}, SETUP_MS);
afterAll(() => Promise.all(containers.map((container) => container.rm())));

async function run(more: Record<string, string> = {}, command: string[] = []): Promise<Container> {
  const container = await runContainer({
    image,
    env: { ...env, ...more },
    ...(command.length === 0 ? {} : { command }),
    publish: [8000, ADMIN_PORT],
  });
  containers.push(container);
  return container;
}

const WORKER = "tasks-worker";
const says = (part: string | RegExp) => (record: { msg: string; service: string }) =>
  record.service === WORKER && (typeof part === "string" ? record.msg === part : part.test(record.msg));

test("beside web it runs what a view has enqueued, from every queue", async () => {
  const id = await enqueue(web, "what=wheat");
  await web.record("the task", says("wheat is harvested"));
  await hasStatus(web, id, "SUCCESSFUL");
  await hasStatus(web, await enqueue(web, "what=rye&plough"), "FAILED");
  expect(await answers(web, "livez", 200)).toContain("tasks-worker is running");
  await expectStacks(web, WORKER, /\/djinit_db_worker\.py/);
  expect(Object.fromEntries(await scrape(web))).toMatchObject({
    'celery_tasks_succeeded_total{service="tasks-worker",task="farm.tasks.harvest"}': 1,
    'celery_tasks_failed_total{service="tasks-worker",task="farm.tasks.plough"}': 1,
    'celery_worker_up{service="tasks-worker"}': 1,
    'django_tasks_database_connected{service="tasks-worker"}': 1,
  });
});

test("one that is killed comes back, and says what it has lost", async () => {
  const lost = await enqueue(web, "what=hay&seconds=600");
  await web.record("the task", says("hay is being harvested"));
  const waiting = await enqueue(web, "what=barley");
  // It is asked meanwhile by a thread of its own.
  await eventually(
    async () =>
      ((await scrape(web)).get('celery_queue_length{service="tasks-worker",queue="default"}') ?? 0) === 1,
    {
      what: "the task that waits is counted",
      timeoutMs: 60_000,
      intervalMs: 500,
    },
  );
  const figures = await scrape(web);
  expect(figures.get('django_tasks_oldest_seconds{service="tasks-worker",queue="default"}')).toBeGreaterThan(
    0,
  );
  expect(figures.get('celery_queue_length{service="tasks-worker",queue="slow"}')).toBe(0);
  expect(figures.get('celery_tasks_active{service="tasks-worker"}')).toBe(1);
  const pid = await mainPid(web, WORKER);
  await web.output(["kill", "-KILL", String(pid)]);
  const record = await web.record("what was lost", says(/was running when its worker was killed/));
  expect(record).toMatchObject({ level: "error", msg: expect.stringContaining(`id=${lost} `) });
  await hasStatus(web, waiting, "SUCCESSFUL");
  expect((await serviceOf(web, WORKER)).restarts).toBe(1);
});

test("it outlives its database, and writes down what became of its task meanwhile", async () => {
  const during = await enqueue(web, "what=oats&seconds=4");
  await web.record("the task", says("oats is being harvested"));
  const pid = await mainPid(web, WORKER);
  await docker("stop the database", ["stop", "--time", "1", postgres.id]);
  await web.record("the wait", says(/^The database does not answer, trying again until it does: /));
  expect(await answers(web, "readyz", 503)).toMatch(/tasks-worker has been without its database for \d+ s/);
  await answers(web, "livez", 200);
  await docker("start the database", ["start", postgres.id]);
  await answers(web, "readyz", 200);
  await hasStatus(web, during, "SUCCESSFUL");
  await hasStatus(web, await enqueue(web, "what=maize"), "SUCCESSFUL");
  expect(await mainPid(web, WORKER)).toBe(pid);
});

test("a stop lets the running task end, however often it is asked for", async () => {
  const worker = await run({}, ["tasks"]);
  await answers(worker, "readyz", 200);
  await web.output(["djinit", "stop", WORKER]);
  const [running, next] = [await enqueue(web, "what=grapes&seconds=5"), await enqueue(web, "what=plums")];
  await worker.record("the task", says("grapes is being harvested"));
  await worker.signal("TERM");
  await worker.record("the stop", says(new RegExp(`^SIGTERM: the worker ends after task id=${running} `)));
  await worker.signal("TERM");
  // As another one than djinit may do it.
  await worker.output(["kill", "-TERM", String(await mainPid(worker, WORKER))]);
  expect(await worker.wait()).toBe(0);
  const harvested = (await worker.records()).filter(({ msg }) => msg.endsWith(" is harvested"));
  expect(harvested.map(({ msg }) => msg)).toEqual(["grapes is harvested"]);
  await hasStatus(web, running, "SUCCESSFUL");
  await hasStatus(web, next, "READY");
  await web.output(["djinit", "start", WORKER]);
  await hasStatus(web, next, "SUCCESSFUL");
});

test("QUIT ends the running task, which is recorded as failed", async () => {
  const worker = await run({}, ["tasks", "--queue-name", "default"]);
  await answers(worker, "readyz", 200);
  await web.output(["djinit", "stop", WORKER]);
  const id = await enqueue(web, "what=pears&seconds=600");
  await worker.record("the task", says("pears is being harvested"));
  await worker.signal("QUIT");
  expect(await worker.wait()).toBe(0);
  await hasStatus(web, id, "FAILED");
  await web.output(["djinit", "start", WORKER]);
});

test("a task that outlasts the grace period is named", async () => {
  const worker = await run({ DJINIT_GRACE_PERIOD: "3" }, ["tasks"]);
  await answers(worker, "readyz", 200);
  await web.output(["djinit", "stop", WORKER]);
  const id = await enqueue(web, "what=figs&seconds=600");
  await worker.record("the task", says("figs is being harvested"));
  await worker.signal("TERM");
  await worker.wait();
  const killed = await worker.record("the kill", ({ code }) => code === "DJINIT_GRACE_PERIOD_EXCEEDED");
  expect(killed["tasks"]).toEqual([
    expect.stringMatching(new RegExp(`^farm\\.tasks\\.harvest\\[${id}\\] for \\d+ s$`)),
  ]);
  await web.output(["djinit", "start", WORKER]);
});

test("one that does not come round is not alive", async () => {
  const pid = await mainPid(web, WORKER);
  await web.output(["kill", "-STOP", String(pid)]);
  expect(await answers(web, "livez", 503)).toContain("tasks-worker is stuck: no heartbeat for");
  await web.output(["kill", "-CONT", String(pid)]);
  await answers(web, "livez", 200);
});

test.each(["django_tasks_rq.RQBackend", "django_tasks_celery.CeleryBackend"])(
  "the worker of %s runs what a view has enqueued",
  async (backend) => {
    const other = { TASKS_BACKEND: backend, REDIS_URL: redis.url, CELERY_APP: "farm" };
    const farm = await run({ ...other, DJANGO_TASKS_WORKER: "1", SKIP_MIGRATIONS: "1" });
    await answers(farm, "readyz", 200);
    await enqueue(farm, "what=wheat&seconds=3");
    await farm.record("the task", says(/wheat is being harvested$/));
    expect(await farm.stop()).toBe(0);
    expect((await farm.records()).filter(says(/wheat is harvested$/))).toHaveLength(1);
  },
);

test.each([
  [
    ["tasks"],
    "django.tasks.backends.immediate.ImmediateBackend",
    "runs each task where it is enqueued, at once",
  ],
  [["tasks", "--intervall", "1"], "django_tasks_db.DatabaseBackend", "unrecognized arguments: --intervall 1"],
])("%j with the backend %s is an error at once, with the way out", async (command, backend, cause) => {
  const worker = await run({ TASKS_BACKEND: backend, SKIP_MIGRATIONS: "1" }, command);
  expect(await worker.wait()).toBe(78);
  const record = await worker.record("the error", ({ code }) => code === "DJINIT_APPLICATION_FAILED");
  expect(record).toMatchObject({
    code: "DJINIT_APPLICATION_FAILED",
    msg: expect.stringMatching(/^cannot load the application of tasks-worker: /),
  });
  expect(record.msg).toContain(cause);
});
