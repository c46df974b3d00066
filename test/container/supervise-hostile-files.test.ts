// Files of the application's that PID 1 reads: whatever they are, it answers, and stops with 0.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { isReady } from "./cake-subject.ts";

const PROMETHEUS = "/run/gunicorn/prometheus";
const HEARTBEAT = "/run/celery/celery-worker.heartbeat";
/** In the place of the heartbeat and its stack, and beside the application's metrics. */
const PLANTS: Record<string, string> = {
  pipes: `mkfifo ${HEARTBEAT} ${HEARTBEAT}.stack ${PROMETHEUS}/counter_1.db`,
  "sparse files": `truncate -s 480M ${HEARTBEAT} ${HEARTBEAT}.stack ${PROMETHEUS}/counter_1.db`,
  links: `ln -s /dev/zero ${HEARTBEAT}; ln -s /dev/zero ${HEARTBEAT}.stack; ln -s /dev/zero ${PROMETHEUS}/counter_1.db`,
  directories: `mkdir ${HEARTBEAT} ${HEARTBEAT}.stack ${PROMETHEUS}/counter_1.db`,
  "a report of other things": `pid=$(cat /run/celery/worker.pid)
    echo "{\\"seq\\":1,\\"end\\":1,\\"pid\\":$pid,\\"at\\":1,\\"kind\\":\\"worker\\",\\"tasks\\":7,\\"state\\":{}}" > ${HEARTBEAT}`,
  "more names than anybody needs": `python -c 'for n in range(30000): open("${PROMETHEUS}/%d" % n, "x").close()'`,
};

let container: Container;
beforeAll(async () => {
  container = await runContainer({
    image: runContext().images.example,
    env: { SECRET_KEY: "for-a-test", CELERY_WORKER: "1" },
    publish: [ADMIN_PORT],
    more: ["--memory", "600m"],
  });
  await container.record("readiness", isReady, 60_000);
});
afterAll(() => container?.rm());

test.each(Object.entries(PLANTS))("%s", async (_, plant) => {
  const clear = `rm -rf ${HEARTBEAT} ${HEARTBEAT}.stack ${PROMETHEUS}/counter_1.db`;
  await container.output(["sh", "-c", `${clear}; ${plant}`], { user: "django" });
  for (const path of ["/livez", "/readyz", "/metrics"])
    expect(await askAdmin(container, path)).toMatchObject({ status: 200 });
  expect((await container.exec(["djinit", "health"])).ok).toBe(true);
});

test("a stop is answered then, too", async () => {
  expect(await container.stop()).toBe(0);
});
