import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { readAgain } from "../../../src/config/sources/read.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();

describe("secrets in files (NAME_FILE)", () => {
  test.each([
    ["hunter2", "hunter2"],
    ["hunter2\n", "hunter2"],
    ["hunter2\r\n", "hunter2"],
    ["two\n\n", "two\n"],
    // A key has lines of its own.
    ["-----BEGIN\nabc\nEND-----\n", "-----BEGIN\nabc\nEND-----"],
    ["a\r\nb", "a\r\nb"],
    [" spaces kept ", " spaces kept "],
    ["ä€😀\n", "ä€😀"],
  ])("%j is the secret %j", (content, secret) => {
    const file = directory.write("password", content);
    const { config, environment, problems } = loadConfig({ SUPERUSER_PASSWORD_FILE: file });
    expect(problems).toEqual([]);
    expect(config.superuserPassword).toBe(secret);
    expect(environment).toEqual({ SUPERUSER_PASSWORD: secret });
  });

  test.each(["DATABASE_URL", "SUPERUSER_PASSWORD", "CELERY_BROKER"])("%s may be given so", (name) => {
    const file = directory.write("secret", "postgres://u:p@h/d\n");
    expect(loadConfig({ [`${name}_FILE`]: file }).environment[name]).toBe("postgres://u:p@h/d");
  });

  test("each of djinit's variables may be given so; what lies in a file is not shown, secret or not", () => {
    const file = directory.write("workers", "4");
    const { config, environment, problems } = loadConfig({
      WEB_CONCURRENCY_FILE: file,
      DJINIT_GRACE_PERIOD_FILE: file,
    });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ webConcurrency: 4, gracePeriodMs: 4_000 });
    expect(environment).toEqual({ WEB_CONCURRENCY: "4", DJINIT_GRACE_PERIOD: "4" });
    const bad = directory.write("not-workers", "hunter2");
    const refused = loadConfig({
      WEB_CONCURRENCY_FILE: bad,
      GUNICORN_ACCESS_LOGS_FILE: directory.write("no", "no"),
    });
    expect(refused.problems.map(({ problem }) => problem)).toEqual([
      "WEB_CONCURRENCY is set, which is not a whole number from 1 to 1024",
    ]);
    expect(refused.warnings).toEqual([]);
  });

  test("what says where variables come from, and lists of hosts, are no files", () => {
    const file = directory.write("names", "a");
    const given = {
      ALLOWED_HOSTS_FILE: file,
      DJANGO_ALLOWED_HOSTS_FILE: file,
      DJANGO_SUPERUSER_AVATAR_FILE: file,
    };
    expect(loadConfig(given).environment).toEqual(given);
    const { warnings } = loadConfig({ DJINIT_ENV_FILE_FILE: file, DJINIT_SECRETS_DIR_FILE: file });
    expect(warnings.map(({ variable }) => variable)).toEqual([
      "DJINIT_ENV_FILE_FILE",
      "DJINIT_SECRETS_DIR_FILE",
    ]);
  });

  test("given twice, the secret is refused, and not shown", () => {
    const file = directory.write("password", "from-the-file");
    const { problems } = loadConfig({ SUPERUSER_PASSWORD: "from-variable", SUPERUSER_PASSWORD_FILE: file });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).toContain("both set");
    expect(JSON.stringify(problems)).not.toMatch(/from-the-file|from-variable/);
  });

  test("all files that cannot be values are problems at once, and nothing of them is shown", () => {
    const bad = {
      DATABASE_URL_FILE: [`${directory.path}/missing`, "ENOENT"],
      SUPERUSER_PASSWORD_FILE: [directory.path, "it is a directory"],
      CELERY_BROKER_FILE: [directory.write("binary", Buffer.from("hunter2\0")), "it has a NUL byte"],
      MIGRATIONS_DATABASE_URL_FILE: [directory.write("latin", Buffer.from("hunter2\xe4", "latin1")), "UTF-8"],
      CELERY_APP_FILE: [directory.write("empty", "\n"), "it is empty"],
      SECRET_KEY_FILE: [directory.write("large", "hunter2".repeat(20_000)), "it is larger than 128 KiB"],
    };
    const given = Object.entries(bad).map(([name, [path]]) => [name, path]);
    const { problems } = loadConfig({ ...Object.fromEntries(given), DJINIT_SECRETS: "SECRET_KEY" });
    expect(problems.map(({ variable, value }) => [variable, value]).sort()).toEqual(given.sort());
    for (const { variable, problem } of problems)
      expect(problem).toContain((bad as Record<string, string[]>)[variable]?.[1]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
  });
});

describe("the env file (DJINIT_ENV_FILE)", () => {
  test("a value that is not UTF-8 is refused without being shown; in a comment it does no harm", () => {
    const odd = (text: string) => Buffer.from(text, "latin1");
    const bad = directory.write("latin1", odd("PASSWORD=Müller\nOTHER=plain\n"));
    const { problems } = loadConfig({ DJINIT_ENV_FILE: bad });
    expect(problems).toEqual([
      { variable: "PASSWORD", problem: `PASSWORD, in ${bad}, is not text in UTF-8` },
    ]);
    const good = directory.write("comment", odd("# für alle\nOTHER=plain\n"));
    expect(loadConfig({ DJINIT_ENV_FILE: good })).toMatchObject({
      problems: [],
      environment: { OTHER: "plain" },
    });
    // Somebody may mean it.
    const meant = directory.write("meant", "SIGN=\uFFFD\n");
    expect(loadConfig({ DJINIT_ENV_FILE: meant }).problems).toEqual([]);
  });

  const file = directory.write(
    "env",
    [
      "# a comment",
      "WEB_CONCURRENCY=3",
      "SUPERUSER_USERNAME='root of all'",
      "export MY_SETTING=1",
      "EMPTY=",
    ].join("\n"),
  );

  test("fills in what the container does not set", () => {
    const { config, environment, problems } = loadConfig({ DJINIT_ENV_FILE: file });
    expect(problems).toEqual([]);
    expect(config).toMatchObject({ webConcurrency: 3, superuserUsername: "root of all" });
    expect(environment).toMatchObject({ MY_SETTING: "1", EMPTY: "" });
  });

  test("variables of the container win over it, empty ones too", () => {
    const { config, environment } = loadConfig({
      DJINIT_ENV_FILE: file,
      WEB_CONCURRENCY: "7",
      MY_SETTING: "",
    });
    expect(config.webConcurrency).toBe(7);
    expect(environment["MY_SETTING"]).toBe("");
  });

  test("may name files of secrets", () => {
    const secret = directory.write("secret", "from-file\n");
    const envFile = directory.write("env-with-secret", `SUPERUSER_PASSWORD_FILE=${secret}\n`);
    expect(loadConfig({ DJINIT_ENV_FILE: envFile }).config.superuserPassword).toBe("from-file");
  });

  describe.runIf(process.geteuid?.() === 0)("that the application may write", () => {
    const named = directory.write("for-root.key", "root's secret\n");
    chmodSync(named, 0o400);
    const forAll = directory.write("for-all.key", "known to all\n");
    chmodSync(directory.path, 0o755);
    chmodSync(forAll, 0o444);
    const secrets = join(directory.path, "secrets");
    mkdirSync(secrets);
    writeFileSync(join(secrets, "api_key"), "root's secret\n", { mode: 0o400 });
    const DJANGO = 104;
    const envFile = (text: string, uid = DJANGO): string => {
      const path = directory.write("theirs.env", text);
      chownSync(path, uid, uid);
      return path;
    };
    const why =
      /user 104 may write the env file that names it, and it is a file of user 0's, not for everybody/;

    test.each([
      [`DJINIT_SECRETS=STOLEN\nSTOLEN_FILE=${named}`, {}],
      [`SUPERUSER_PASSWORD_FILE=${named}`, {}],
      ["DJINIT_SECRETS=STOLEN", { STOLEN_FILE: named }],
      [`STOLEN_FILE=${named}`, { DJINIT_SECRETS: "STOLEN" }],
      [`DJINIT_SECRETS_DIR=${secrets}`, {}],
      [`DJINIT_SECRETS_DIR=${directory.path}\nSTOLEN_FILE=${named}`, {}],
    ])("has djinit read for nobody what root alone may read: %j", (text, container) => {
      const { environment, problems } = loadConfig({ ...container, DJINIT_ENV_FILE: envFile(text) });
      expect(JSON.stringify(environment)).not.toContain("root's secret");
      expect(problems.map(({ problem }) => problem)).toContainEqual(expect.stringMatching(why));
      const { environment: trusted } = loadConfig({ ...container, DJINIT_ENV_FILE: envFile(text, 0) });
      expect(JSON.stringify(trusted)).toContain("root's secret");
    });

    test("may name what everybody may read, and files of the application's own", () => {
      const own = directory.write("own.key", "theirs\n");
      chmodSync(own, 0o400);
      chownSync(own, DJANGO, DJANGO);
      const path = envFile(`DJINIT_SECRETS=ONE,TWO\nONE_FILE=${forAll}\nTWO_FILE=${own}`);
      const { environment, problems } = loadConfig({ DJINIT_ENV_FILE: path });
      expect(problems).toEqual([]);
      expect(environment).toMatchObject({ ONE: "known to all", TWO: "theirs" });
    });

    test("is also one that anybody may write, or that lies in such a directory", () => {
      const path = envFile(`SUPERUSER_PASSWORD_FILE=${named}`, 0);
      chmodSync(path, 0o666);
      const problemsOf = () => loadConfig({ DJINIT_ENV_FILE: path }).problems.map(({ problem }) => problem);
      expect(problemsOf()).toEqual([expect.stringContaining("anybody may write the env file")]);
      chmodSync(path, 0o644);
      expect(problemsOf()).toEqual([]);
      chownSync(directory.path, DJANGO, DJANGO);
      expect(problemsOf()).toEqual([expect.stringContaining("user 104 may write the env file")]);
      chownSync(directory.path, 0, 0);
    });
  });

  test("its bad values are reported like any other, together with the container's", () => {
    const bad = directory.write("bad-env", "WEB_CONCURRENCY=lots\nDJINIT_TYPO=1\n");
    const { problems, warnings } = loadConfig({ DJINIT_ENV_FILE: bad, DJINIT_GRACE_PERIOD: "x" });
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      "DJINIT_GRACE_PERIOD",
      "WEB_CONCURRENCY",
    ]);
    expect(warnings.map(({ variable }) => variable)).toEqual(["DJINIT_TYPO"]);
  });

  test("there may be several: a later one wins", () => {
    const [one, two] = [directory.write("one.env", "A=1\nB=1\n"), directory.write("two.env", "B=2\nC=2\n")];
    const { environment, sources } = loadConfig({ DJINIT_ENV_FILE: `${one}:${two}:`, C: "mine" });
    expect(environment).toMatchObject({ A: "1", B: "2", C: "mine" });
    expect(sources.origins).toEqual({ A: `env-file:${one}`, B: `env-file:${two}` });
    const { problems } = loadConfig({ DJINIT_ENV_FILE: `/nowhere/a:${one}:/nowhere/b` });
    expect(problems.map(({ value }) => value)).toEqual(["/nowhere/a", "/nowhere/b"]);
  });

  test("one that cannot be read is a problem", () => {
    const { problems } = loadConfig({ DJINIT_ENV_FILE: "/nowhere/env" });
    const problem = expect.stringMatching(
      /^DJINIT_ENV_FILE is "\/nowhere\/env", which cannot be read: ENOENT/,
    );
    expect(problems).toMatchObject([{ variable: "DJINIT_ENV_FILE", value: "/nowhere/env", problem }]);
  });
});

describe("read again, when the files have changed", () => {
  const again = (container: Record<string, string>, change: () => void) => {
    const before = loadConfig(container);
    expect(before.problems).toEqual([]);
    change();
    const problems: Problem[] = [];
    return { ...readAgain(before, problems), problems };
  };

  test("new values count, variables that are gone are gone, the container's own still win", () => {
    const envFile = directory.write("changing-env", "A=1\nB=1\nC=1\n");
    const { environment, problems, sources } = again({ DJINIT_ENV_FILE: envFile, C: "mine" }, () =>
      directory.write("changing-env", "A=2\nC=2\nD=2\n"),
    );
    expect(problems).toEqual([]);
    expect(environment).toEqual({ DJINIT_ENV_FILE: envFile, A: "2", C: "mine", D: "2" });
    expect(Object.keys(sources.origins)).toEqual(["A", "D"]);
  });

  test("a secret that was rotated, and one whose file the env file names anew", () => {
    const rotated = directory.write("rotated", "old\n");
    const other = directory.write("other", "other\n");
    const envFile = directory.write("env-of-secrets", `CELERY_BROKER_FILE=${rotated}\n`);
    const { environment } = again({ DATABASE_URL_FILE: rotated, DJINIT_ENV_FILE: envFile }, () => {
      directory.write("rotated", "new\n");
      directory.write("env-of-secrets", `CELERY_BROKER_FILE=${other}\n`);
    });
    expect(environment).toEqual({ DATABASE_URL: "new", CELERY_BROKER: "other", DJINIT_ENV_FILE: envFile });
  });

  test("what cannot be read any more is a problem, and may be read the next time", () => {
    const secret = directory.write("vanishing", "old\n");
    const before = loadConfig({ DATABASE_URL_FILE: secret });
    rmSync(secret);
    const problems: Problem[] = [];
    readAgain(before, problems);
    expect(problems).toMatchObject([{ variable: "DATABASE_URL_FILE", value: secret }]);
    directory.write("vanishing", "new\n");
    expect(readAgain(before, []).environment).toEqual({ DATABASE_URL: "new" });
  });
});
