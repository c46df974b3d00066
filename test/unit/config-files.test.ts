import { describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();

describe("secrets in files (NAME_FILE)", () => {
  test.each([
    ["hunter2", "hunter2"],
    ["hunter2\n", "hunter2"],
    ["hunter2\r\n", "hunter2"],
    ["two\n\n", "two\n"],
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

  test("for what is no secret NAME_FILE means nothing", () => {
    const file = directory.write("workers", "4");
    const { config, environment } = loadConfig({ WEB_CONCURRENCY_FILE: file });
    expect(config.webConcurrency).toBeUndefined();
    expect(environment["WEB_CONCURRENCY_FILE"]).toBe(file);
  });

  test("given twice, the secret is refused, and not shown", () => {
    const file = directory.write("password", "from-the-file");
    const { problems } = loadConfig({ SUPERUSER_PASSWORD: "from-variable", SUPERUSER_PASSWORD_FILE: file });
    expect(problems).toHaveLength(1);
    expect(problems[0]?.problem).toContain("both set");
    expect(JSON.stringify(problems)).not.toMatch(/from-the-file|from-variable/);
  });

  test("a file that is not there, a directory and binary content are named as problems", () => {
    const binary = directory.write("binary", Buffer.from([0x61, 0, 0x62]));
    const { problems } = loadConfig({
      DATABASE_URL_FILE: `${directory.path}/missing`,
      SUPERUSER_PASSWORD_FILE: directory.path,
      CELERY_BROKER_FILE: binary,
    });
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      "CELERY_BROKER",
      "DATABASE_URL_FILE",
      "SUPERUSER_PASSWORD_FILE",
    ]);
    expect(problems.find(({ variable }) => variable === "DATABASE_URL_FILE")?.problem).toContain("ENOENT");
  });
});

describe("the env file (DJINIT_ENV_FILE)", () => {
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

  test("its bad values are reported like any other, together with the container's", () => {
    const bad = directory.write("bad-env", "WEB_CONCURRENCY=lots\nDJINIT_TYPO=1\n");
    const { problems, warnings } = loadConfig({ DJINIT_ENV_FILE: bad, DJINIT_GRACE_PERIOD: "x" });
    expect(problems.map(({ variable }) => variable).sort()).toEqual([
      "DJINIT_GRACE_PERIOD",
      "WEB_CONCURRENCY",
    ]);
    expect(warnings.map(({ variable }) => variable)).toEqual(["DJINIT_TYPO"]);
  });

  test("one that cannot be read is a problem", () => {
    const { problems } = loadConfig({ DJINIT_ENV_FILE: "/nowhere/env" });
    expect(problems).toMatchObject([{ variable: "DJINIT_ENV_FILE", value: "/nowhere/env" }]);
  });
});
