import { expect, test } from "vitest";
import { forApplication, identityOf, ofService, withoutBootSecrets } from "../../src/plan/environment.ts";

test("the secrets of the boot are taken out, the application's own stay", () => {
  const given = {
    PATH: "/bin",
    DATABASE_URL: "postgres://u:p@h/d",
    SECRET_KEY: "x",
    SUPERUSER_PASSWORD: "p",
    SUPERUSER_PASSWORD_FILE: "/f",
    DJANGO_SUPERUSER_PASSWORD: "p",
    MIGRATIONS_DATABASE_URL: "postgres://owner:p@h/d",
    SUPERUSER_USERNAME: "admin",
  };
  const before = structuredClone(given);
  expect(withoutBootSecrets(given)).toEqual({
    PATH: "/bin",
    DATABASE_URL: "postgres://u:p@h/d",
    SECRET_KEY: "x",
    SUPERUSER_USERNAME: "admin",
  });
  expect(given).toEqual(before);
});

test("NODE_OPTIONS and LD_PRELOAD, set aside for PID 1, are given back to the application", () => {
  expect(forApplication({ A: "1", DJINIT_SAVED_NODE_OPTIONS: "--max-old-space-size=99" })).toEqual({
    A: "1",
    NODE_OPTIONS: "--max-old-space-size=99",
  });
  expect(forApplication({ DJINIT_SAVED_NODE_OPTIONS: "" })).toEqual({ NODE_OPTIONS: "" });
  expect(
    forApplication({ LD_PRELOAD: "keep-signals.so", DJINIT_SAVED_LD_PRELOAD: "libjemalloc.so" }),
  ).toEqual({
    LD_PRELOAD: "libjemalloc.so",
  });
  expect(forApplication({ A: "1" })).toEqual({ A: "1" });
});

test("whoever starts the container without root stays who it is; what is the service's own it has all the same", () => {
  const environment = { ...identityOf("django"), DJINIT_HEARTBEAT: "/run/celery/x" };
  const common = { HOME: "/home/4242" };
  expect(ofService({ environment, output: "inherit" }, common)).toEqual({
    HOME: "/home/4242",
    DJINIT_HEARTBEAT: "/run/celery/x",
  });
  expect(ofService({ user: "django", environment, output: "inherit" }, common)["HOME"]).toBe("/run/django");
});

test.each([
  ["django", "/run/django"],
  ["root", "/root"],
  ["nginx", "/nonexistent"],
  ["somebody", "/nonexistent"],
])("user %s has HOME %s", (user, home) => {
  expect(identityOf(user)).toEqual({ HOME: home, USER: user, LOGNAME: user });
});
