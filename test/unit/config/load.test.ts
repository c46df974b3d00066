import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { refuseProblems } from "../../../src/config/problem.ts";
import { VARIABLES, type Variable } from "../../../src/config/variables.ts";

// A busy machine may take its time.

const TABLE = Object.values(VARIABLES) as Variable[];

describe("values", () => {
  test("without any variable every default holds, and nothing is complained of", () => {
    const { config, problems, warnings } = loadConfig({});
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      skipMigrations: false,
      runCollectstatic: false,
      celeryWorker: false,
      superuserUsername: "admin",
      superuserEmail: "admin@example.com",
      gracePeriodMs: 25_000,
      startupTimeoutMs: 120_000,
      databaseTimeoutMs: 60_000,
      maxRestarts: 5,
      commandUser: "django",
      commandOutput: "raw",
    });
    expect(config.databaseUrl).toBeUndefined();
    expect(config.superuserPassword).toBeUndefined();
  });

  test("an empty variable is one that is not set", () => {
    const empty = Object.fromEntries(TABLE.map(({ name }) => [name, ""]));
    const { config, problems, warnings } = loadConfig(empty);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(config).toEqual(loadConfig({}).config);
  });

  test.each([
    ["25", 25_000],
    ["25s", 25_000],
    ["1.5", 1_500],
    ["0.001", undefined],
    ["86400", 86_400_000],
    ["86401", undefined],
    ["0", undefined],
    ["-5", undefined],
    ["1e3", undefined],
    ["25 s", undefined],
    ["25m", undefined],
    ["ten", undefined],
    ["٢٥", undefined],
    ["NaN", undefined],
    ["Infinity", undefined],
  ])("seconds: %j is %j ms", (text, ms) => {
    const { config, problems } = loadConfig({ DJINIT_GRACE_PERIOD: text });
    expect(config.gracePeriodMs).toBe(ms);
    expect(problems).toHaveLength(ms === undefined ? 1 : 0);
  });

  test.each([
    ["4", 4],
    ["1024", 1_024],
    ["0", undefined],
    ["1025", undefined],
    ["4.0", undefined],
    ["+4", undefined],
    ["0x4", undefined],
    [" 4", undefined],
    ["four", undefined],
    ["99999999999999999999", undefined],
  ])("a number of workers: %j is %j", (text, workers) => {
    const { config, problems } = loadConfig({ WEB_CONCURRENCY: text });
    expect(config.webConcurrency).toBe(workers);
    expect(problems).toHaveLength(workers === undefined ? 1 : 0);
  });

  test.each([
    ["auto", "auto"],
    ["1", 1],
    ["1024", 1_024],
    ["0", undefined],
    ["1025", undefined],
    ["Auto", undefined],
  ])("a number of processes: %j is %j", (text, processes) => {
    const { config, problems } = loadConfig({ CELERY_CONCURRENCY: text });
    expect(config.celeryConcurrency).toBe(processes);
    const problem = `CELERY_CONCURRENCY is ${JSON.stringify(text)}, which is neither auto nor a whole number from 1 to 1024`;
    expect(problems.map((it) => it.problem)).toEqual(processes === undefined ? [problem] : []);
  });

  test.each([
    ["16m", 16 * 1024 ** 2],
    ["300M", 300 * 1024 ** 2],
    ["1g", 1024 ** 3],
    ["524288k", 512 * 1024 ** 2],
    ["314572800", 300 * 1024 ** 2],
    ["314572800b", 300 * 1024 ** 2],
    ["1024g", 1024 ** 4],
    ["15m", undefined],
    ["300", undefined],
    ["1025g", undefined],
    ["1.5g", undefined],
    ["300MiB", undefined],
    ["-300m", undefined],
  ])("an amount of memory: %j is %j", (text, bytes) => {
    const { config, problems } = loadConfig({ DJINIT_WORKER_MAX_MEMORY: text });
    expect(config.workerMaxMemory).toBe(bytes);
    const problem = `DJINIT_WORKER_MAX_MEMORY is ${JSON.stringify(text)}, which is not an amount of memory from 16m to 1024g, such as 300m`;
    expect(problems.map((it) => it.problem)).toEqual(bytes === undefined ? [problem] : []);
  });

  test.each([
    [
      "DJINIT_READINESS_PATH",
      "health/",
      "which is not a path such as /health/, that begins with / and has no space",
    ],
    [
      "DJINIT_READINESS_PATH",
      "/a b",
      "which is not a path such as /health/, that begins with / and has no space",
    ],
    [
      "DJINIT_READINESS_PATH",
      "/x\r\nHost: y",
      "which is not a path such as /health/, that begins with / and has no space",
    ],
    ["DJINIT_COMMAND_OUTPUT", "xml", "which is none of raw, json"],
    ["DJINIT_COMMAND_USER", "root; rm", "which is not the name of a user of the image, such as django"],
    ["DJINIT_COMMAND_USER", "--clear-groups", "which is not the name of a user of the image, such as django"],
  ])("%s=%j is refused: %s", (name, value, reason) => {
    expect(loadConfig({ [name]: value }).problems).toEqual([
      { variable: name, value, problem: `${name} is ${JSON.stringify(value)}, ${reason}` },
    ]);
  });
});

describe("all bad values are reported at once", () => {
  const bad = { DJINIT_GRACE_PERIOD: "soon", WEB_CONCURRENCY: "many", DJINIT_MAX_RESTARTS: "-1" };

  test("in one error that names each of them", () => {
    const { problems } = loadConfig(bad);
    expect(problems.map(({ variable }) => variable).sort()).toEqual(Object.keys(bad).sort());
    expect(() => refuseProblems(problems)).toThrow(
      expect.objectContaining({
        code: "DJINIT_BAD_CONFIGURATION",
        exitStatus: 78,
        fields: { problems },
        message: expect.stringMatching(
          /^cannot start: WEB_CONCURRENCY is "many", which .*; DJINIT_GRACE_PERIOD is "soon", which .*; DJINIT_MAX_RESTARTS is "-1"/,
        ),
      }),
    );
  });

  test("and no problem is no error", () => {
    expect(() => refuseProblems([])).not.toThrow();
  });
});

describe("warnings", () => {
  test.each(["0", "no", "off", "false", "False", "OFF"])(
    "a flag that is %j is on, with a warning",
    (value) => {
      const { config, warnings, problems } = loadConfig({ SKIP_MIGRATIONS: value });
      expect(config.skipMigrations).toBe(true);
      expect(problems).toEqual([]);
      expect(warnings).toMatchObject([{ variable: "SKIP_MIGRATIONS", value }]);
      expect(warnings[0]?.problem).toContain("counts as on");
    },
  );

  test.each(["1", "yes", "true", "x", "00", "offline", "nothing"])(
    "a flag that is %j is on without one",
    (value) => {
      const { config, warnings } = loadConfig({ RUN_COLLECTSTATIC: value });
      expect(config.runCollectstatic).toBe(true);
      expect(warnings).toEqual([]);
    },
  );

  test("a variable that is no flag may well be `no` or `off`", () => {
    const { config, warnings, problems } = loadConfig({
      DJINIT_COMMAND_RESTART: "no",
      SUPERUSER_USERNAME: "off",
    });
    expect(config).toMatchObject({ commandRestart: "no", superuserUsername: "off" });
    expect([...warnings, ...problems]).toEqual([]);
  });

  test("what is not set in the container is not in the application's environment", () => {
    expect(Object.keys(loadConfig({ A: undefined, B: "" }).environment)).toEqual(["B"]);
  });

  test.each(["APP_MODULE", "CELERY_LOGLEVEL"])("%s is deprecated", (name) => {
    const { warnings, problems } = loadConfig({ [name]: "1" });
    expect(problems).toEqual([]);
    expect(warnings).toMatchObject([
      { variable: name, problem: expect.stringContaining(`${name} is deprecated: `) },
    ]);
  });

  test("CELERY_BROKER is a name that projects have too, and nothing is said of it", () => {
    expect(loadConfig({ CELERY_BROKER: "redis" })).toMatchObject({ warnings: [], problems: [] });
  });

  test("a misspelt DJINIT_ variable is warned about, another program's is not", () => {
    const { warnings } = loadConfig({ DJINIT_GRACE_PERIODE: "5", GRACE_PERIOD: "5", MY_DJINIT_X: "5" });
    expect(warnings.map(({ variable }) => variable)).toEqual(["DJINIT_GRACE_PERIODE"]);
  });

  test("what Kubernetes sets for a Service called djinit-web is not warned about either, a slip is", () => {
    const links = {
      DJINIT_WEB_SERVICE_HOST: "10.0.0.7",
      DJINIT_WEB_SERVICE_PORT: "8000",
      DJINIT_WEB_SERVICE_PORT_HTTP: "8000",
      DJINIT_WEB_PORT: "tcp://10.0.0.7:8000",
      DJINIT_WEB_PORT_8000_TCP_ADDR: "10.0.0.7",
    };
    expect(loadConfig(links).warnings).toEqual([]);
    const names = loadConfig({ DJINIT_ADMN_PORT: "9180" }).warnings.map(({ variable }) => variable);
    expect(names).toEqual(["DJINIT_ADMN_PORT"]);
  });

  test("a variable that a Service has taken says so", () => {
    const { problems } = loadConfig({ DJINIT_ADMIN_PORT: "tcp://10.0.0.7:9180" });
    expect(problems).toMatchObject([{ problem: expect.stringContaining("enableServiceLinks: false") }]);
    expect(loadConfig({ DJINIT_ADMIN_PORT: "x" }).problems[0]?.problem).not.toContain("Kubernetes");
  });

  test("quotes and line breaks that belong to a value by accident are told of, without a secret", () => {
    const quoted = { DJANGO_SETTINGS_MODULE: '"shop.settings"', SUPERUSER_PASSWORD: "'flour'" };
    const { problems, warnings } = loadConfig(quoted);
    expect(problems).toEqual([]);
    expect(warnings.map(({ variable }) => variable)).toEqual([
      "DJANGO_SETTINGS_MODULE",
      "SUPERUSER_PASSWORD",
    ]);
    expect(JSON.stringify(warnings)).not.toContain("flour");
    expect(loadConfig({ SUPERUSER_PASSWORD: "flour\n" }).warnings).toMatchObject([
      { variable: "SUPERUSER_PASSWORD", problem: expect.stringContaining("ends with a line break") },
    ]);
    expect(loadConfig({ SUPERUSER_PASSWORD: "fl'our'", GUNICORN_CMD_ARGS: '"a" "b"' }).warnings).toEqual([]);
  });

  test("a database's URL is taken as Python takes it", () => {
    const given = { DATABASE_URL: " postgres://u:p@h/d\n", MIGRATIONS_DATABASE_URL: "postgres://h/\r\nd" };
    const { config, environment } = loadConfig(given);
    expect(config).toMatchObject({
      databaseUrl: "postgres://u:p@h/d",
      migrationsDatabaseUrl: "postgres://h/d",
    });
    // The application's own.
    expect(environment["DATABASE_URL"]).toBe(given.DATABASE_URL);
  });

  test("what Kubernetes sets for a Service called djinit is not warned about", () => {
    const { warnings } = loadConfig({
      DJINIT_SERVICE_HOST: "10.0.0.7",
      DJINIT_SERVICE_PORT: "8000",
      DJINIT_SERVICE_PORT_HTTP: "8000",
      DJINIT_PORT: "tcp://10.0.0.7:8000",
      DJINIT_PORT_8000_TCP: "tcp://10.0.0.7:8000",
      DJINIT_PORT_8000_TCP_ADDR: "10.0.0.7",
    });
    expect(warnings).toEqual([]);
  });

  test("what only begins so is a misspelling", () => {
    const names = ["DJINIT_SERVICES", "DJINIT_PORTAL", "DJINIT_SERVICED_HOST"];
    const { warnings } = loadConfig(Object.fromEntries(names.map((name) => [name, "1"])));
    expect(warnings.map(({ variable }) => variable)).toEqual(names);
    expect(warnings[0]?.problem).toBe("DJINIT_SERVICES is no variable of djinit; `djinit config` lists them");
    expect(loadConfig({ DJINIT_SERVICE: "1", DJINIT_PORT_80_TCP: "1" }).warnings).toEqual([]);
  });
});

describe("the application's directory", () => {
  test.each([
    // What the variable says, the container's working directory, what holds.
    [{}, undefined, "/app"],
    [{}, "/app/sub", "/app/sub"],
    [{}, "/", "/app"],
    [{ DJINIT_APP_DIRECTORY: "" }, "/code", "/code"],
    [{ DJINIT_APP_DIRECTORY: "/srv/shop/" }, "/code", "/srv/shop"],
  ])("%j in %j: %s", (variables, workingDirectory, expected) => {
    const { config, problems } = loadConfig(variables, workingDirectory);
    expect(problems).toEqual([]);
    expect(config.appDirectory).toBe(expected);
  });

  test.each(["code", "/my project", "/a;b", "/a:b", "/$HOME", '/"'])("%j is no such directory", (value) => {
    const { problems } = loadConfig({ DJINIT_APP_DIRECTORY: value });
    expect(problems).toEqual([
      {
        variable: "DJINIT_APP_DIRECTORY",
        value,
        problem: `DJINIT_APP_DIRECTORY is ${JSON.stringify(value)}, which is not a path that begins with / and has no space, quote, colon or $`,
      },
    ]);
  });
});

test("whatever the values are: nothing is thrown, and no secret is shown", () => {
  const secret = "s3cr3t-\u0000\n\"'$`";
  const names = TABLE.filter((variable) => !variable.secret && variable.name !== "DJINIT_ENV_FILE").map(
    ({ name }) => name,
  );
  const secrets = TABLE.filter((variable) => variable.secret).map(({ name }) => [name, secret]);
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names), fc.string({ unit: "binary" })), (values) => {
      const { problems, warnings } = loadConfig({ ...values, ...Object.fromEntries(secrets) });
      const shown = JSON.stringify([problems, warnings]);
      expect(shown).not.toContain("s3cr3t");
    }),
  );
});

describe("paths of the site", () => {
  const load = (name: string, value: string) => loadConfig({ [name]: value });

  test.each([
    ["DJINIT_STATIC_URL", "/assets", "/assets/"],
    ["DJINIT_MEDIA_URL", "/a/b/", "/a/b/"],
    ["DJINIT_STATIC_URL", "none", "none"],
    ["DJINIT_URL_PREFIX", "/shop/", "/shop"],
    ["DJINIT_URL_PREFIX", "none", ""],
    ["DJINIT_PROTECTED_ROOT", "/srv/a/", "/srv/a"],
  ])("%s=%s is %s", (name, given, expected) => {
    const { config, problems } = load(name, given);
    expect(problems).toEqual([]);
    expect(Object.values(config)).toContain(expected);
  });

  test.each(["/", "assets/", "/a b/", '/a"/', "/a;/", "/$a/", "/a{/", "/a?b/", "/a\n/", "//"])(
    "%j is refused",
    (value) => {
      for (const name of ["DJINIT_STATIC_URL", "DJINIT_URL_PREFIX"])
        expect(load(name, value).problems.map(({ variable }) => variable)).toEqual([name]);
    },
  );
});
