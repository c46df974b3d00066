// A process that ends without having said that it is done has not done it, whatever its status.
import { expect, test } from "vitest";
import { createDatabase } from "../support/postgres.ts";
import type { LogRecord } from "../support/records.ts";
import { type Failure, failsWith } from "./failure.ts";
import { startProject } from "./project-subject.ts";
import { appliedIn } from "./release-subject.ts";

const SETTINGS: Failure = { status: 78, code: "DJINIT_SETTINGS_FAILED" };
const MIGRATION: Failure = { status: 80, code: "DJINIT_MIGRATION_FAILED" };
const COLLECTSTATIC: Failure = { status: 82, code: "DJINIT_COLLECTSTATIC_FAILED" };
const KILLED: Failure = { status: 71, code: "DJINIT_STEP_KILLED" };
const NOT_STARTED: Failure = { status: 71, code: "DJINIT_SPAWN_FAILED" };

interface Trouble {
  env?: Record<string, string>;
  more?: string[];
  command?: string[];
}

async function start(trouble: string, { env = {}, ...rest }: Trouble) {
  const { url } = await createDatabase();
  return await startProject({
    fixture: "troubled",
    command: ["release"],
    ...rest,
    env: { DJANGO_SETTINGS_MODULE: "troubled.settings", DATABASE_URL: url, TROUBLE: trouble, ...env },
  });
}

async function failureOf(trouble: string, failure: Failure, given: Trouble = {}): Promise<LogRecord> {
  await using container = await start(trouble, given);
  return await failsWith(container, failure);
}

const COLLECTS = { env: { SKIP_MIGRATIONS: "1", RUN_COLLECTSTATIC: "1" } };
const WEB = { command: ["cake_service.wsgi:application"] };

test.each<[string, string, Failure, Trouble, RegExp]>([
  [
    "sys.exit(0) in the settings",
    "settings-exit",
    SETTINGS,
    {},
    /settings: .*ended the process with status 0$/,
  ],
  ["the same, web", "settings-exit", SETTINGS, WEB, /settings: .*ended the process with status 0$/],
  [
    "os._exit(0) in the settings",
    "settings-vanish",
    SETTINGS,
    {},
    /settings: its process ended with status 0/,
  ],
  ["the same, web", "settings-vanish", SETTINGS, WEB, /settings: its process ended with status 0/],
  ["sys.exit with words in the settings", "settings-say", SETTINGS, {}, /settings: .*OVEN_URL is missing$/],
  ["sys.exit in AppConfig.ready", "ready-quit", SETTINGS, {}, /settings: .*status 0$/],
  [
    "os._exit(0) in AppConfig.ready",
    "ready-vanish",
    SETTINGS,
    {},
    /settings: its process ended with status 0/,
  ],
  [
    "sys.exit in a migration",
    "leave",
    MIGRATION,
    {},
    /^cannot apply migration troubled\.0002_trouble: .*the dough has not risen$/,
  ],
  [
    "os._exit(0) in a migration",
    "vanish",
    MIGRATION,
    WEB,
    /^cannot apply migration troubled\.0002_trouble: its process ended with status 0/,
  ],
  [
    "sys.exit(0) in collectstatic",
    "collect-exit",
    COLLECTSTATIC,
    COLLECTS,
    /ended the process with status 0$/,
  ],
  ["os._exit(0) in collectstatic", "collect-vanish", COLLECTSTATIC, COLLECTS, /process ended with status 0/],
  ["a crash in a migration", "fall", KILLED, {}, /0002_trouble: its process was killed by SIGSEGV$/],
  ["no more threads", "settings-no-threads", NOT_STARTED, {}, /can't start new thread/],
  [
    "no Python in the image",
    "",
    NOT_STARTED,
    { env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin:" } },
    /^cannot start python: (failed to execute python: )?No such file or directory/,
  ],
])("%s", async (_, trouble, failure, given, words) => {
  const error = await failureOf(trouble, failure, given);
  expect(error.msg).toMatch(words);
  expect("migration" in error).toBe(/migration troubled/.test(error.msg));
});

test("what is printed is no report, whatever it looks like; neither forks nor programs of the project's can report", async () => {
  await using container = await start("talk", {});
  expect(await container.wait(), await container.logs()).toBe(0);
  const records = await container.records();
  const said = records.filter(({ service }) => service === "migrate").map(({ msg }) => msg.trim());
  expect(said).toContain('\u001e{"event": "step-failed", "step": "migrate", "message": "forged"}');
  expect(said).toContain("\u001enull");
  // Sockets that a program of the migration has: none.
  expect(said).toContain("0");
  expect(appliedIn(records)).toContain("troubled.0002_trouble");
  // All that the step has printed comes before its end.
  const finished = records.findIndex(({ msg }) => msg.startsWith("step migrate finished"));
  expect(records.findLastIndex(({ service, pid }) => service === "migrate" && pid !== 1)).toBeLessThan(
    finished,
  );
});

test("`djinit manifest` without facts", async () => {
  await using container = await start("", { command: ["sleep", "600"] });
  const verb = await container.exec(
    ["env", "TROUBLE=settings-vanish", "DJANGO_SETTINGS_MODULE=troubled.settings", "djinit", "manifest"],
    {},
  );
  expect(verb.exitCode).toBe(78);
  expect(verb.stderr).toContain("cannot load the Django settings: its process ended with status 0");
  const list = await container.exec(["env", "TROUBLE=ready-vanish", "djinit", "migrations"]);
  expect(list.exitCode).toBe(78);
  expect(list.stdout).toBe("");
});
