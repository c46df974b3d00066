// Web in two containers: each has its half, and the one of nginx needs nothing of the application's.
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { planBoot } from "../../../src/plan/boot-steps.ts";
import { draftPlan, findProblems } from "../../../src/plan/build-plan.ts";
import { completePlan } from "../../../src/plan/complete-plan.ts";
import { configOf, resolvedOf, serviceOf } from "../../support/planned.ts";

const IMAGE = {
  CELERY_WORKER: "1",
  CELERY_APP: "shop",
  DATABASE_URL: "postgres://db/shop",
  DJANGO_SETTINGS_MODULE: "shop.settings",
  DJINIT_NGINX_PROBES: "1",
  SUPERUSER_PASSWORD: "secret",
};

function halfOf(half: string, cmd = "shop.wsgi:application") {
  const variables = { ...IMAGE, DJINIT_WEB: half };
  const { invocation } = resolvedOf(cmd, "", variables);
  const config = configOf(variables);
  const { sources } = loadConfig(variables);
  const draft = (startedAsRoot: boolean) =>
    draftPlan(invocation, config, { startedAsRoot, uid: 12345, sources });
  return { invocation, config, draft, boot: planBoot(invocation, config) };
}

describe("nginx's half", () => {
  test("is nginx alone, whatever the image's variables and CMD are for the application", () => {
    const { boot, config, draft, invocation } = halfOf("nginx");
    expect(draft(true).services.map(({ name }) => name)).toEqual(["nginx"]);
    expect(boot).toMatchObject({ steps: [], nginx: true, application: false, ownMedia: false });
    expect(draft(true).admin.nginxProbes).toBe(true);
    expect(findProblems(invocation, config)).toEqual([]);
    expect(findProblems(halfOf("nginx", "").invocation, config)).toEqual([]);
    // There is nobody to keep apart.
    expect(draft(false).note).toBeUndefined();
  });

  test("asks the application in the other container, by what its settings say", () => {
    const { draft } = halfOf("nginx");
    const facts = { globals: "", daemonizes: false, listens: [], variables: [], dump: "" };
    const plan = completePlan(draft(true), { nginx: facts, request: { host: "shop.example" } });
    const socketPath = "/run/web/gunicorn.sock";
    expect(serviceOf(plan, "nginx")).toMatchObject({
      after: [],
      behind: { socketPath, host: "shop.example" },
    });
  });
});

describe("the application's half", () => {
  test("is everything else, and lets its socket's name go at a stop", () => {
    const { boot, draft } = halfOf("application");
    expect(draft(true).services.map(({ name }) => name)).toEqual(["gunicorn", "celery-worker"]);
    expect(boot.steps).toEqual(["wait-for-database", "migrate", "superuser"]);
    expect(boot).toMatchObject({ nginx: false, application: true, ownMedia: true });
    expect(draft(true).admin.nginxProbes).toBe(false);
    expect(draft(false).note).not.toContain("nginx");
    const gunicorn = serviceOf(completePlan(draft(true), { socketFd: 9 }), "gunicorn");
    const leaves = "/run/web/gunicorn.sock";
    expect(gunicorn.sockets?.sockets).toEqual([{ kind: "inherited", fd: 9, leaves }]);
  });

  test("means nothing to another role", () => {
    const { draft, invocation } = halfOf("application", "celery worker");
    expect(invocation.half).toBeUndefined();
    expect(draft(true).services.map(({ name }) => name)).toEqual(["celery-worker"]);
  });
});

test("without the variable the socket's name stays, for the next start of the same container", () => {
  const { invocation } = resolvedOf("shop.wsgi:application", "", IMAGE);
  const { sources } = loadConfig(IMAGE);
  const plan = completePlan(draftPlan(invocation, configOf(IMAGE), { startedAsRoot: true, sources }), {
    socketFd: 9,
  });
  expect(serviceOf(plan, "gunicorn").sockets?.sockets).toEqual([{ kind: "inherited", fd: 9 }]);
});
