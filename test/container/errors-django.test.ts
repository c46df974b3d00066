// Steps of the boot that the project's own code makes fail.
import { expect, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import type { LogRecord } from "../support/records.ts";
import { type Failure, failsWith } from "./failure.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";

const SETTINGS_FAILED: Failure = { status: 78, code: "DJINIT_SETTINGS_FAILED" };
const MIGRATION_FAILED: Failure = { status: 80, code: "DJINIT_MIGRATION_FAILED" };
const MIGRATE_STEP_FAILED: Failure = { status: 80, code: "DJINIT_MIGRATE_STEP_FAILED" };
const SUPERUSER_FAILED: Failure = { status: 81, code: "DJINIT_SUPERUSER_FAILED" };
const COLLECTSTATIC_FAILED: Failure = { status: 82, code: "DJINIT_COLLECTSTATIC_FAILED" };

async function failureOf(
  failure: Failure,
  trouble: string,
  options: ProjectOptions = {},
): Promise<LogRecord> {
  await using container = await startProject({
    fixture: "troubled",
    ...options,
    env: { DJANGO_SETTINGS_MODULE: "troubled.settings", TROUBLE: trouble, ...options.env },
  });
  return await failsWith(container, failure);
}

test("settings that raise, or are not there", async () => {
  const [raises, missing, required] = await Promise.all([
    failureOf(SETTINGS_FAILED, "settings"),
    failureOf(SETTINGS_FAILED, "", { env: { DJANGO_SETTINGS_MODULE: "no_such.settings" } }),
    failureOf(SETTINGS_FAILED, "", { env: { SECRET_KEY: "" } }),
  ]);
  expect(raises.msg).toBe("cannot load the Django settings: ValueError: the settings are out of flour");
  expect(raises["error"]).toMatchObject({ stack: expect.stringContaining("troubled/settings.py") });
  expect(missing.msg).toContain("No module named 'no_such'");
  expect(required.msg).toContain("SECRET_KEY is not set");
});

test("settings whose import does not end: the error says where it stands", async () => {
  const [waits, deaf] = await Promise.all(
    [
      "import time\ntime.sleep(3600)\n",
      "import signal, time\nsignal.pthread_sigmask(0, {44})\ntime.sleep(3600)\n",
    ].map((text) =>
      failureOf(SETTINGS_FAILED, "", {
        files: { "/app/endless.py": text },
        env: { DJANGO_SETTINGS_MODULE: "endless", DJINIT_STARTUP_TIMEOUT: "4" },
      }),
    ),
  );
  const late = "cannot load the Django settings within 4 s (DJINIT_STARTUP_TIMEOUT)";
  expect(waits?.msg).toBe(`${late}: it is still at /app/endless.py, line 2, in <module>`);
  expect(deaf?.msg).toBe(late);
});

test("settings that lie one directory further down", async () => {
  const error = await failureOf(SETTINGS_FAILED, "", {
    files: { "/app/src/shop/__init__.py": "", "/app/src/shop/settings.py": "" },
    env: { DJANGO_SETTINGS_MODULE: "shop.settings" },
  });
  expect(error.msg).toContain("it lies in /app/src: make that the WORKDIR, or DJINIT_APP_DIRECTORY");
});

test("a migration that raises: its name and the database's own message; what came before it stays", async () => {
  const { url, query } = await createDatabase();
  const error = await failureOf(MIGRATION_FAILED, "sql", { env: { DATABASE_URL: url } });
  expect(error).toMatchObject({ step: "migrate", migration: "troubled.0002_trouble" });
  expect(error.msg).toContain('relation "no_such_oven" does not exist');
  const tables = await query<{ name: string }>(
    "select tablename as name from pg_tables where tablename like 'troubled%'",
  );
  expect(tables).toEqual([{ name: "troubled_fine" }]);
});

test("what fails after the migrations is not blamed on the last of them", async () => {
  const { url } = await createDatabase();
  const error = await failureOf(MIGRATE_STEP_FAILED, "post-migrate", { env: { DATABASE_URL: url } });
  expect(error.msg).toContain("no cake after the migration");
  expect(error).not.toHaveProperty("migration");
});

test("collectstatic without a STATIC_ROOT, or one that user django may not write to", async () => {
  const env = { SKIP_MIGRATIONS: "1", RUN_COLLECTSTATIC: "1" };
  const [unset, readOnly] = await Promise.all([
    failureOf(COLLECTSTATIC_FAILED, "no-static-root", { env }),
    failureOf(COLLECTSTATIC_FAILED, "", { env, more: ["--tmpfs", "/app/staticfiles:mode=755"] }),
  ]);
  expect(unset.msg).toContain("STATIC_ROOT");
  expect(readOnly.msg).toContain("Permission denied");
});

test("a superuser whose table is not there", async () => {
  const { url } = await createDatabase();
  const error = await failureOf(SUPERUSER_FAILED, "", {
    env: { DATABASE_URL: url, SKIP_MIGRATIONS: "1", SUPERUSER_PASSWORD: "hunter2" },
  });
  expect(error.msg).toContain('relation "auth_user" does not exist');
  expect(JSON.stringify(error)).not.toContain("hunter2");
});
