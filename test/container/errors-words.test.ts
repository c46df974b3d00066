// What the CMD and its application get wrong.
import { expect, test } from "vitest";
import { runContainer } from "../support/docker.ts";
import { runContext } from "../support/run-context.ts";
import { type Failure, failsWith } from "./failure.ts";
import { startProject } from "./project-subject.ts";

const UNKNOWN_COMMAND: Failure = { status: 78, code: "DJINIT_UNKNOWN_COMMAND", on: "stderr" };
const BAD_CONFIGURATION: Failure = { status: 78, code: "DJINIT_BAD_CONFIGURATION" };
const APPLICATION_FAILED: Failure = { status: 78, code: "DJINIT_APPLICATION_FAILED" };
const SKIP = { SKIP_MIGRATIONS: "1" };

async function failureOf(command: string[], failure: Failure, env: Record<string, string> = {}) {
  await using container = await startProject({ command, env });
  return await failsWith(container, failure);
}

test("a word that is no command and no role is named, with what was probably meant", async () => {
  const [web, worker, beat] = await Promise.all([
    failureOf(["web"], UNKNOWN_COMMAND),
    failureOf(["worker", "--concurrency", "2"], UNKNOWN_COMMAND),
    failureOf(["beat"], UNKNOWN_COMMAND),
  ]);
  expect(web).toMatchObject({ command: "web" });
  expect(web.msg).toContain('"web"');
  expect(worker.msg).toContain("did you mean `celery worker`?");
  expect(beat.msg).toContain("did you mean `celery beat`?");
});

test("a misspelt celery subcommand is refused before anything starts", async () => {
  const errors = await Promise.all([
    failureOf(["celery", "wroker"], UNKNOWN_COMMAND),
    failureOf(["celery", "-A", "cake_service", "beet"], UNKNOWN_COMMAND),
  ]);
  expect(errors[0]?.msg).toContain("did you mean `celery worker`?");
  expect(errors[1]?.msg).toContain("did you mean `celery beat`?");
});

test("no application at all", async () => {
  await using container = await runContainer({ image: runContext().images.djinit, publish: [] });
  const error = await failsWith(container, BAD_CONFIGURATION);
  expect(error.msg).toContain("no application is named");
  expect(error["problems"]).toContainEqual(expect.objectContaining({ variable: "CMD" }));
});

test("an application that does not import: its module or attribute is named", async () => {
  const [module, inner, attribute] = await Promise.all([
    failureOf(["cake_service.wsgy:application"], APPLICATION_FAILED, SKIP),
    failureOf(["no_such_bakery.wsgi:application"], APPLICATION_FAILED, SKIP),
    failureOf(["cake_service.wsgi:aplication"], APPLICATION_FAILED, SKIP),
  ]);
  expect(module.msg).toContain("No module named 'cake_service.wsgy'");
  expect(inner.msg).toContain("No module named 'no_such_bakery'");
  expect(attribute.msg).toContain("aplication");
});

test("a celery application that does not import: its module is named", async () => {
  const error = await failureOf(["celery", "worker"], APPLICATION_FAILED, { CELERY_APP: "no_such_oven" });
  expect(error.msg).toContain("no_such_oven");
});

test("celery beside web, or alone, without CELERY_APP", async () => {
  const without = { CELERY_APP: "" };
  const [beside, both, worker, beat] = await Promise.all([
    failureOf([], BAD_CONFIGURATION, {
      ...without,
      CELERY_WORKER: "1",
      APP_MODULE: "cake_service.wsgi:application",
    }),
    failureOf(["cake_service.wsgi:application"], BAD_CONFIGURATION, {
      ...without,
      CELERY_WORKER: "1",
      CELERY_BEAT: "1",
    }),
    failureOf(["celery", "worker"], BAD_CONFIGURATION, without),
    failureOf(["celery", "beat"], BAD_CONFIGURATION, without),
  ]);
  expect(beside.msg).toContain("CELERY_WORKER is set but CELERY_APP is not");
  expect(both.msg).toContain("CELERY_WORKER and CELERY_BEAT are set but CELERY_APP is not");
  expect(worker.msg).toContain("CELERY_APP is not set and the CMD has no --app");
  expect(beat.msg).toContain("CELERY_APP is not set and the CMD has no --app");
});
