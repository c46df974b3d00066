import { expect, test } from "vitest";
import {
  forApplication,
  identityOf,
  ofService,
  withoutBootFiles,
  withoutIdentity,
} from "../../../src/plan/environment.ts";
import { planOf, serviceOf } from "../../support/planned.ts";

const GIVEN = {
  PATH: "/bin",
  DATABASE_URL: "postgres://u:p@h/d",
  SECRET_KEY: "x",
  LD_PRELOAD: "libjemalloc.so",
  NODE_OPTIONS: "--max-old-space-size=99",
  DJANGO_SETTINGS_MODULE: "cakes.settings",
};
const FOR_THE_BOOT = {
  SUPERUSER_PASSWORD: "p",
  SUPERUSER_PASSWORD_FILE: "/f",
  SUPERUSER_USERNAME: "admin",
  SUPERUSER_EMAIL: "admin@example.com",
  DJANGO_SUPERUSER_PASSWORD: "p",
  DJANGO_SUPERUSER_PHONE: "112",
  MIGRATIONS_DATABASE_URL: "postgres://owner:p@h/d",
  MIGRATIONS_DATABASE_URL_FILE: "/f",
};

test("services get the application's variables, without those of the boot and djinit's own", () => {
  const { bootOnly } = planOf("app.wsgi:application");
  const own = { DJINIT_LOG_LEVEL: "info", DJINIT_ENV_FILE: "/f", DJINIT_NO_SUCH: "1" };
  const kubernetes = { DJINIT_SERVICE_HOST: "10.0.0.1", DJINIT_PORT: "tcp://10.0.0.1:8000" };
  const all = { ...GIVEN, ...FOR_THE_BOOT, ...own, ...kubernetes };
  const before = structuredClone(all);
  expect(forApplication(all, bootOnly)).toEqual({ ...GIVEN, ...kubernetes });
  expect(all).toEqual(before);
});

test("a command may be `createsuperuser`: it gets Django's own variables", () => {
  const { bootOnly } = planOf("django-admin createsuperuser --noinput");
  const kept = { DJANGO_SUPERUSER_PASSWORD: "p", DJANGO_SUPERUSER_PHONE: "112" };
  expect(forApplication({ ...GIVEN, ...FOR_THE_BOOT }, bootOnly)).toEqual({ ...GIVEN, ...kept });
});

test("files of the boot's secrets are not read again", () => {
  const { bootOnly } = planOf("app.wsgi:application");
  const sources = {
    envFiles: ["/env"],
    secretsDirectory: "/run/secrets",
    own: ["SUPERUSER_PASSWORD", "MIGRATIONS_DATABASE_URL", "DATABASE_URL", "DJINIT_GRACE_PERIOD"],
    named: ["SECRET_KEY"],
    unset: [],
    origins: {
      SUPERUSER_PASSWORD: "file:/a",
      DATABASE_URL: "file:/b",
      DJINIT_GRACE_PERIOD: "file:/c",
      SECRET_KEY: "file:/d",
    },
    taken: { SUPERUSER_PASSWORD_FILE: "/a", DATABASE_URL_FILE: "/b", DJINIT_GRACE_PERIOD_FILE: "/c" },
  };
  expect(withoutBootFiles(sources, bootOnly)).toEqual({
    envFiles: ["/env"],
    secretsDirectory: "/run/secrets",
    own: ["DATABASE_URL"],
    named: ["SECRET_KEY"],
    unset: expect.arrayContaining(["SUPERUSER_PASSWORD", "MIGRATIONS_DATABASE_URL", "DJINIT_*"]),
    origins: { DATABASE_URL: "file:/b", SECRET_KEY: "file:/d" },
    taken: { DATABASE_URL_FILE: "/b" },
  });
});

test("nginx gets none of the application's variables, gunicorn all of them", () => {
  const plan = planOf("app.wsgi:application");
  const common = { ...GIVEN, TZ: "Europe/Berlin", NGINX: "3;" };
  expect(ofService(serviceOf(plan, "nginx"), common)).toEqual({
    PATH: "/bin",
    TZ: "Europe/Berlin",
    NGINX: "3;",
    ...identityOf("nginx"),
    // glibc's, for memory that it gives back.
    MALLOC_TRIM_THRESHOLD_: "131072",
    MALLOC_MMAP_THRESHOLD_: "131072",
  });
  expect(ofService(serviceOf(plan, "gunicorn"), common)).toMatchObject({
    ...GIVEN,
    HOME: "/run/django",
    DJINIT_RELAYED: "1",
  });
});

test("without root a service keeps the identity of the container, and what is its own", () => {
  expect(withoutIdentity({ ...identityOf("django"), OTHER: "1" })).toEqual({ OTHER: "1" });
  const plan = planOf("celery -A app worker", { CELERY_BROKER: "redis://:word@r" }, false);
  expect(serviceOf(plan, "celery-worker").environment).toEqual({
    CELERY_BROKER_URL: "redis://:word@r",
    DJINIT_HEARTBEAT: "/run/celery/celery-worker.heartbeat",
    DJINIT_SOFT_SHUTDOWN_MAX: "7.5 20",
    DJINIT_STACKS: "/run/django/.celery-worker.stacks",
  });
});

test("a CELERY_BROKER that is no URL is a project's own variable, and none of celery's", () => {
  const plan = planOf("celery -A app worker", { CELERY_BROKER: "redis" });
  expect(serviceOf(plan, "celery-worker").environment).not.toHaveProperty("CELERY_BROKER_URL");
});

test.each([
  ["django", "/run/django"],
  ["root", "/root"],
  ["nginx", "/nonexistent"],
  ["somebody", "/nonexistent"],
])("user %s has HOME %s", (user, home) => {
  expect(identityOf(user)).toEqual({ HOME: home, USER: user, LOGNAME: user });
});
