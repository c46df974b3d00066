// gunicorn's other kinds of workers: started beside the boot, at the socket that PID 1 holds, with request ids.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyProject } from "./project-subject.ts";
import { expectReloadAndStop } from "./reload-under-load.ts";

const TAG = `djinit-test-worker-classes:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/worker-classes");
const CLASSES = [
  ["gthread --threads 4", "wsgi"],
  ["gevent", "wsgi"],
  ["uvicorn_worker.UvicornWorker", "asgi"],
  ["asgi", "asgi"],
] as const;

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

test.each(CLASSES)(
  "%s: serves, logs the request's id, reloads and stops without a lost request",
  async (worker, module) => {
    const { url: DATABASE_URL } = await createDatabase();
    await using container = await startReadyProject({
      image: TAG,
      command: [`cake_service.${module}:application`],
      env: { GUNICORN_CMD_ARGS: `--worker-class ${worker}`, WEB_CONCURRENCY: "2", DATABASE_URL },
      publish: [8000],
    });
    const url = await container.url("/nowhere/");
    expect((await http(url, { headers: { "X-Request-ID": "order-1" } })).status).toBe(404);
    const ours = await container.record(
      "Django's record",
      ({ service, ...record }) => service === "gunicorn" && record["request_id"] === "order-1",
    );
    expect(ours).toMatchObject({ level: "warn", logger: "django.request", url: { path: "/nowhere/" } });

    await expectReloadAndStop(container);
  },
);
