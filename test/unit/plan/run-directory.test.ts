import { describe, expect, test } from "vitest";
import { draftPlan } from "../../../src/plan/build-plan.ts";
import { completePlan } from "../../../src/plan/complete-plan.ts";
import { placedIn } from "../../../src/plan/paths.ts";
import { readCommand } from "../../../src/plan/role.ts";
import { namedAsUsual, placePlan, placeText } from "../../../src/plan/run-directory.ts";
import { configOf, planOf, serviceOf } from "../../support/planned.ts";

const NO_SOURCES = {
  envFiles: [],
  secretsDirectory: undefined,
  own: [],
  named: [],
  unset: [],
  origins: {},
  taken: {},
};
const RUN = "/tmp/djinit-1-abc";

test("behind what becomes it, too", () => {
  const [worker] = placePlan(
    planOf("ddtrace-run celery -A a worker -S state", {}, false),
    RUN,
    true,
  ).services;
  expect(worker?.argv.join(" ")).toMatch(
    /^ddtrace-run celery -A a worker .*-S \/tmp\/djinit-1-abc\/celery\/state$/,
  );
  const web = placePlan(planOf("ddtrace-run gunicorn a:b", {}, false), RUN, false);
  expect(serviceOf(web, "gunicorn").argv.slice(0, 3)).toEqual(["ddtrace-run", "gunicorn", "--bind"]);
});

test.each([
  ["-s /run/celery/mine", `-s ${RUN}/celery/mine`],
  ["--schedule=/run/celery/mine", `--schedule=${RUN}/celery/mine`],
  ["-s/run/celery/mine", `-s${RUN}/celery/mine`],
  ["-Q a/run/celery/b", "-Q a/run/celery/b"],
])("celery beat %s", (given, placed) => {
  const beat = placePlan(planOf(`celery -A a beat ${given}`, {}, false), RUN, true);
  expect(serviceOf(beat, "celery-beat").argv.join(" ")).toContain(placed);
});

describe("the plan of a start that may not have /run", () => {
  const usual = planOf("a:b", { CELERY_APP: "a", CELERY_WORKER: "1", CELERY_BEAT: "1" }, false);
  const placed = placePlan(usual, RUN, true);

  test("names nothing below /run", () => {
    expect(JSON.stringify(usual)).toMatch(/"\/run\//);
    expect(JSON.stringify(placed)).not.toMatch(/"(unix:)?\/run\//);
    expect(placed.run).toBe(RUN);
  });

  test("tells each service where things lie", () => {
    for (const { environment } of placed.services) expect(environment["DJINIT_RUN_DIRECTORY"]).toBe(RUN);
    expect(serviceOf(placed, "celery-worker").argv).toContain(`${RUN}/celery/worker.pid`);
  });

  test("has nginx read a copy of its files, and check the same", () => {
    const facts = { dump: "", globals: "", daemonizes: false, listens: [], variables: [] };
    const { argv, check, mirror } = serviceOf(completePlan(placed, { nginx: facts }), "nginx");
    for (const words of [argv, check])
      expect(words?.slice(-2)).toEqual(["-c", `${RUN}/etc/nginx/nginx.conf`]);
    expect(mirror).toEqual({ from: "/etc/nginx", to: `${RUN}/etc/nginx`, run: RUN });
  });

  test("a file in the place of gunicorn's is told on the command line", () => {
    const { argv, check } = serviceOf(placePlan(usual, RUN, false), "gunicorn");
    for (const words of [argv, check]) expect(words).toContain(`unix:${RUN}/gunicorn/gunicorn.sock`);
    expect(serviceOf(placed, "gunicorn").argv).toEqual(serviceOf(usual, "gunicorn").argv);
  });

  test("a directory of metrics that is the user's own stays where it is", () => {
    const own = planOf("a:b", { PROMETHEUS_MULTIPROC_DIR: "/run/metrics" }, false);
    expect(placePlan(own, RUN, true).admin.prometheusDirectory).toBe("/run/metrics");
  });

  test("where /run serves nothing changes", () => {
    expect(placePlan(usual, "/run", false)).toBe(usual);
  });
});

test.each([
  ["pid /run/nginx/nginx.pid;", `pid ${RUN}/nginx/nginx.pid;`],
  ["pid /run/nginx.pid;", `pid ${RUN}/nginx.pid;`],
  ["pid /var/run/nginx.pid;", `pid ${RUN}/nginx.pid;`],
  ["listen unix:/run/nginx-status/status.sock;", `listen unix:${RUN}/nginx-status/status.sock;`],
  [
    "proxy_pass http://unix:/run/gunicorn/gunicorn.sock:/;",
    `proxy_pass http://unix:${RUN}/gunicorn/gunicorn.sock:/;`,
  ],
  ["include /run/djinit/nginx-waits*.conf;", `include ${RUN}/djinit/nginx-waits*.conf;`],
  ['include "/etc/nginx/conf.d/*.conf";', `include "${RUN}/etc/nginx/conf.d/*.conf";`],
  ["auth_basic_user_file /run/secrets/htpasswd;", undefined],
  ["include /run/nginxes/x.conf;", undefined],
  ["root /app/run/nginx/;", undefined],
  ["root /srv/etc/nginx/;", undefined],
])("nginx's file: %s", (text, placed = text) => {
  expect(placeText(text, RUN)).toBe(placed);
});

test("what nginx says of its files has their usual names", () => {
  const said = `[emerg] unknown directive "x" in ${RUN}/etc/nginx/conf.d/django.conf:3`;
  expect(namedAsUsual(said, RUN)).toBe('[emerg] unknown directive "x" in /etc/nginx/conf.d/django.conf:3');
});

test("only what lies below /run moves", () => {
  expect(placedIn(RUN, "/run/celery")).toBe(`${RUN}/celery`);
  for (const path of ["/", "/app", "/running", "/run"]) expect(placedIn(RUN, path)).toBe(path);
});

test.each([
  ["web", "nginx can read gunicorn's environment"],
  ["worker", "control socket"],
  ["beat", "control socket"],
  ["command", undefined],
  ["release", undefined],
] as const)("one user for everything, as %s", (role, says) => {
  const { note } = draftPlan(
    { ...readCommand([]), role },
    configOf({ CELERY_APP: "a", DJANGO_SETTINGS_MODULE: "a" }),
    { startedAsRoot: false, uid: 4242, sources: NO_SOURCES },
  );
  if (says === undefined) expect(note).toBeUndefined();
  else expect(note).toMatch(new RegExp(`user 4242: .*${says}`));
});
