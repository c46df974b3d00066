// Programs of the image's own that the boot runs: /etc/djinit/hooks.
import { describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { createDatabase, type Database } from "../support/postgres.ts";
import type { LogRecord } from "../support/records.ts";
import { isReady, positionOf } from "./cake-subject.ts";
import { failsWith } from "./failure.ts";
import { type ProjectOptions, startProject } from "./project-subject.ts";
import { appliedIn, startedDjango } from "./release-subject.ts";

const DIRECTORY = "/etc/djinit/hooks";
const HOOK_FAILED = { status: 84, code: "DJINIT_HOOK_FAILED" };

/** Says how many migrations are applied, whether somebody holds the lock, and as whom it runs. */
const LOOK = `#!/opt/venv/bin/python
import json, os, sys, psycopg
with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
    def one(sql):
        return connection.execute(sql).fetchone()[0]
    applied = one("select count(*) from django_migrations") if one("select to_regclass('django_migrations')") else 0
    key = "hashtextextended(concat_ws(chr(31), 'djinit', current_schema(), 'cake_service'::text), 0)"
    free = one(f"select pg_try_advisory_xact_lock({key})")
status = open("/proc/self/status").read().split("CapEff:")[1].split()[0]
print(json.dumps({
    "msg": "looked", "applied": applied, "free": free, "uid": os.geteuid(), "cwd": os.getcwd(), "role": sys.argv[1],
    "home": os.environ["HOME"], "capabilities": status, "stdin": sys.stdin.read(),
    "own": sorted(name for name in os.environ if name.startswith(("DJINIT", "SUPERUSER"))),
}))
`;

const shell = (script: string): string => `#!/bin/sh\n${script}\n`;
const hook = (name: string): string => `${DIRECTORY}/${name}`;

/** With DJINIT_MIGRATE_ALWAYS the lock is held by Django's process, and not by djinit's. */
const LOCKS = [
  ["djinit", {}],
  ["Django's process", { DJINIT_MIGRATE_ALWAYS: "1" }],
] as const;

const said = (records: readonly LogRecord[], service: string) =>
  records.filter((it) => it.service === service);

async function tableCount({ query }: Database): Promise<number> {
  const [row] = await query<{ count: string }>("select count(*) from pg_tables where schemaname = 'public'");
  return Number(row?.count);
}

async function lockCount({ query }: Database): Promise<number> {
  const [row] = await query<{ count: string }>(
    "select count(*) from pg_locks join pg_database on oid = database where locktype = 'advisory' and datname = current_database()",
  );
  return Number(row?.count);
}

async function release(options: ProjectOptions): Promise<Container> {
  return await startProject({ command: ["release"], ...options });
}

test("a web container runs them at their points, and where nothing is pending only those before the start", async () => {
  const database = await createDatabase();
  await using container = await startProject({
    env: {
      DATABASE_URL: database.url,
      SUPERUSER_PASSWORD: "hunter2",
      DJINIT_MIGRATIONS: "run",
      DJINIT_LOG_LEVEL: "after-migrate=info",
    },
    programs: {
      [hook("before-migrate/10-first.py")]: LOOK,
      [hook("before-migrate/9-last")]: shell("echo nine; sleep 600 & echo $! > /tmp/left"),
      [hook("after-migrate/look")]: LOOK,
      [hook("after-migrate/words")]: shell("echo 'DEBUG:root:of no interest'"),
      [hook("before-start/warm")]: LOOK,
    },
    files: {
      [hook("before-migrate/README.md")]: "Backups.\n",
      [hook("before-start/old.disabled")]: "exit 1\n",
      [hook(".gitkeep")]: "",
    },
  });
  await container.record("readiness", isReady, 60_000);
  const records = await container.records();
  const known = { uid: 104, cwd: "/app", role: "web", home: "/run/django", stdin: "", own: [] };
  const looks = records
    .filter(({ msg }) => msg === "looked")
    .map(({ service, app, ...rest }) => ({ service, ...rest, ...(app as object) }));
  const applied = appliedIn(records).length;
  expect(looks).toMatchObject([
    { service: "before-migrate/10-first.py", applied: 0, free: false, ...known },
    { service: "after-migrate/look", applied, free: false, ...known },
    { service: "before-start/warm", applied, free: true, ...known },
  ]);
  for (const { capabilities } of looks as unknown as { capabilities: string }[])
    expect(capabilities).toMatch(/^0+$/);
  expect(said(records, "before-migrate/9-last")).toMatchObject([{ msg: "nine" }]);
  expect(said(records, "after-migrate/words")).toEqual([]);
  positionOf(
    records,
    /^hook \S+\/before-migrate\/9-last has left processes behind, which were ended/,
    "djinit",
  );
  const order = [
    positionOf(records, /^hook before-migrate\/10-first\.py finished in /, "djinit"),
    positionOf(records, /^hook before-migrate\/9-last finished in /, "djinit"),
    positionOf(records, /^cakes\.0001_initial applied in /, "migrate"),
    positionOf(records, /^hook after-migrate\/look finished in /, "djinit"),
    positionOf(records, /^hook after-migrate\/words finished in /, "djinit"),
    positionOf(records, /^step migrate finished/, "djinit"),
    positionOf(records, "superuser admin created", "djinit"),
    positionOf(records, /^hook before-start\/warm finished in /, "djinit"),
    positionOf(records, "gunicorn started", "djinit"),
  ];
  expect(order).toEqual([...order].sort((a, b) => a - b));
  expect(await container.output(["sh", "-c", "kill -0 $(cat /tmp/left) 2>&1 || true"])).toContain(
    "No such process",
  );

  const listed = await container.output(["djinit", "migrations"]);
  expect(listed).toMatch(
    /^hook {5}before-migrate\/10-first\.py: would not run, ran in [\d.]+ s at this start$/m,
  );
  expect(listed).toMatch(/^hook {5}before-start\/warm: would run, ran in [\d.]+ s at this start$/m);
  const ask =
    "import urllib.request; print(urllib.request.urlopen('http://localhost:9180/metrics').read().decode())";
  const page = await container.output(["python", "-c", ask]);
  expect(page).toContain('djinit_boot_step_seconds{step="before-migrate/9-last"}');

  const again = await startAgain(container);
  expect(startedDjango(again)).toBe(false);
  const ran = again.filter(({ msg }) => /^hook .* finished/.test(msg)).map((it) => it["hook"]);
  expect(ran).toEqual(["before-start/warm"]);
});

/** The records of a second start, until it is ready. */
async function startAgain(container: Container): Promise<LogRecord[]> {
  const count = (await container.records()).length;
  await container.stop();
  await docker("start it again", ["start", container.id]);
  const ready = async () => {
    const records = (await container.records()).slice(count);
    return records.some(isReady) ? records : (false as const);
  };
  return (await eventually(ready, { what: "it is ready again", timeoutMs: 60_000 })) as LogRecord[];
}

test("of releases that start together one runs them, and those that only wait run none", async () => {
  const database = await createDatabase();
  const programs = {
    [hook("before-migrate/a")]: shell("sleep 1; echo ran"),
    [hook("after-migrate/b")]: shell("echo ran"),
    [hook("before-start/c")]: shell("echo ran"),
  };
  const env = { DATABASE_URL: database.url };
  const containers = [await release({ env, programs }), await release({ env, programs })];
  try {
    const ended = await Promise.all(
      containers.map(async (it) => ({ status: await it.wait(60_000), records: await it.records() })),
    );
    expect(ended.map(({ status }) => status)).toEqual([0, 0]);
    const ran = ended.map(({ records }) =>
      records.filter(({ msg }) => msg === "ran").map(({ service }) => service),
    );
    expect(ran.sort((one, other) => one.length - other.length)).toEqual([
      [],
      ["before-migrate/a", "after-migrate/b"],
    ]);
  } finally {
    for (const container of containers) await container[Symbol.asyncDispose]();
  }
});

describe.each(LOCKS)("with the lock of %s", (_holder, variables) => {
  test("one that fails before the migration leaves the database as it was, and the lock free", async () => {
    const database = await createDatabase();
    await using container = await release({
      env: { DATABASE_URL: database.url, ...variables },
      programs: {
        [hook("before-migrate/10-backup")]: shell("echo 'the disk is full' >&2; exit 3"),
        [hook("before-migrate/20-next")]: shell("echo never"),
      },
    });
    const error = await failsWith(container, HOOK_FAILED);
    expect(error.msg).toBe(`cannot finish hook ${hook("before-migrate/10-backup")}: it ended with status 3`);
    expect(error).toMatchObject({
      hook: "before-migrate/10-backup",
      hook_status: 3,
      lines: ["the disk is full"],
    });
    expect(said(await container.records(), "before-migrate/20-next")).toEqual([]);
    expect(await tableCount(database)).toBe(0);
    expect(await lockCount(database)).toBe(0);
  });

  test("one that ignores TERM is killed at its deadline, with all that it has started", async () => {
    const database = await createDatabase();
    const deaf = shell("trap '' TERM; sleep 600 & while :; do sleep 0.2; done");
    await using container = await release({
      env: { DATABASE_URL: database.url, DJINIT_HOOK_TIMEOUT: "1", ...variables },
      programs: { [hook("after-migrate/deaf")]: deaf },
    });
    const error = await failsWith(container, HOOK_FAILED);
    expect(error.msg).toContain(
      "it has not ended within 1 s; the migrations stay applied, and the next start",
    );
    expect(await tableCount(database)).toBeGreaterThan(3);
    expect(await lockCount(database)).toBe(0);
  });

  test("a stop reaches the hook, and then the boot ends with 0", async () => {
    const database = await createDatabase();
    const polite = shell("trap 'echo asked to stop; exit 0' TERM; echo began; while :; do sleep 0.1; done");
    await using container = await release({
      env: { DATABASE_URL: database.url, ...variables },
      programs: { [hook("before-migrate/polite")]: polite },
    });
    await container.record("the hook", ({ msg }) => msg === "began", 60_000);
    expect(await lockCount(database)).toBe(1);
    await container.signal("TERM");
    expect(await container.wait(30_000)).toBe(0);
    const records = await container.records();
    // The whole group is asked: the shell tells of its child, too.
    const words = said(records, "before-migrate/polite").map(({ msg }) => msg);
    expect(words).toEqual(expect.arrayContaining(["began", "asked to stop"]));
    positionOf(records, "stopped during the boot: SIGTERM", "djinit");
    expect(await tableCount(database)).toBe(0);
  });
});

test("what could not be run is refused before the database is asked, all at once", async () => {
  await using container = await release({
    env: { DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing" },
    files: {
      [hook("before-migrate/10-data")]: "no program\n",
      [hook("before-migrate/20-more/inner")]: "",
      [hook("pre-start/x")]: "",
    },
  });
  const error = await failsWith(container, { status: 78, code: "DJINIT_BAD_CONFIGURATION" });
  expect(error["problems"]).toMatchObject([
    { variable: hook("pre-start") },
    {
      variable: hook("before-migrate/10-data"),
      problem: expect.stringContaining("its mode 0644 does not let django execute it"),
    },
    { variable: hook("before-migrate/20-more"), problem: expect.stringContaining("it is a directory") },
  ]);
});

test("before the services, too: a missing interpreter is named, and no service is started", async () => {
  await using container = await startProject({
    env: { SKIP_MIGRATIONS: "1" },
    programs: { [hook("before-start/windows")]: "#!/bin/sh\r\nexit 0\r\n" },
  });
  const error = await failsWith(container, HOOK_FAILED);
  expect(error.msg).toContain("that line ends in CR LF");
  expect((await container.records()).filter(({ msg }) => / started$/.test(msg))).toEqual([]);
});
