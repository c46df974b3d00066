import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import type { Problem } from "../../../src/config/problem.ts";
import { readAgain } from "../../../src/config/sources/read.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();

/** A directory of secrets, with these files. */
function secretsIn(name: string, files: Record<string, string | Buffer>): string {
  const path = `${directory.path}/${name}`;
  mkdirSync(path);
  for (const [file, content] of Object.entries(files)) writeFileSync(`${path}/${file}`, content);
  return path;
}

describe("NAME_FILE of the application", () => {
  const places = secretsIn("places", { key: "from-file\n", empty: "", binary: Buffer.from([0, 1]) });
  const inside = { DJINIT_SECRETS_DIR: places };

  test("counts where secrets are mounted, and stays what it is", () => {
    const given = { ...inside, SECRET_KEY_FILE: `${places}/key` };
    const { environment, sources, problems } = loadConfig(given);
    expect(problems.map(({ variable }) => variable)).toEqual(["DJINIT_SECRETS_DIR", "DJINIT_SECRETS_DIR"]);
    expect(environment).toMatchObject({ SECRET_KEY: "from-file", SECRET_KEY_FILE: `${places}/key` });
    expect(sources.origins["SECRET_KEY"]).toBe(`file:${places}/key`);
  });

  test.each([
    ["elsewhere", { LOG_FILE: directory.write("log", "a line") }],
    ["by way of such a place", { LOG_FILE: `${places}/../log` }],
    [
      "for a library's own file",
      { SSL_CERT_FILE: `${places}/key`, AWS_WEB_IDENTITY_TOKEN_FILE: `${places}/key` },
    ],
    [
      "for a file that is no value",
      { A_FILE: `${places}/empty`, B_FILE: `${places}/binary`, C_FILE: `${places}/no` },
    ],
    ["beside the plain name", { SECRET_KEY: "plain", SECRET_KEY_FILE: `${places}/key` }],
  ])("means nothing %s", (_where, given) => {
    const { environment } = loadConfig({ ...inside, ...given });
    const { KEY, ...rest } = environment;
    expect(KEY).toBe("from-file");
    expect(rest).toEqual({ ...inside, ...given });
  });

  test("of the container wins over the plain name in an env file", () => {
    const env = directory.write("plain.env", "SECRET_KEY=dev\n");
    const given = { ...inside, DJINIT_ENV_FILE: env, SECRET_KEY_FILE: `${places}/key` };
    expect(loadConfig(given).environment["SECRET_KEY"]).toBe("from-file");
  });

  test("is no matter of the env file, which may lie there too", () => {
    const path = secretsIn("with-env", { "production.env": "A=1\n" });
    const { environment, warnings } = loadConfig({
      DJINIT_SECRETS_DIR: path,
      DJINIT_ENV_FILE: `${path}/production.env`,
    });
    expect(warnings).toEqual([]);
    expect(environment).toMatchObject({ A: "1" });
    expect(environment).not.toHaveProperty("DJINIT_ENV");
  });

  test("that DJINIT_SECRETS names counts everywhere, and has to be read", () => {
    const file = directory.write("anywhere", "s3cret\n");
    const given = { DJINIT_SECRETS: "SECRET_KEY, SENTRY_DSN,UNSET", SECRET_KEY_FILE: file };
    expect(loadConfig(given)).toMatchObject({ problems: [], environment: { SECRET_KEY: "s3cret" } });
    const { problems } = loadConfig({ ...given, SECRET_KEY: "twice", SENTRY_DSN_FILE: "/nowhere/dsn" });
    expect(problems.map(({ problem }) => problem)).toEqual([
      "SECRET_KEY and SECRET_KEY_FILE are both set: give one of them",
      expect.stringMatching(/^SENTRY_DSN_FILE is "\/nowhere\/dsn", which cannot be read: ENOENT/),
    ]);
    expect(loadConfig({ DJINIT_SECRETS: "A B" }).problems).toHaveLength(1);
  });
});

describe("the directory of secrets (DJINIT_SECRETS_DIR)", () => {
  test("has a file for each variable; what has a dot, and directories, are none", () => {
    const path = secretsIn("dir", {
      db_password: "a\n",
      "sentry-dsn": "b",
      SECRET_KEY: "c",
      "tls.crt": "d",
      ".hidden": "e",
      SUPERUSER_PASSWORD: "f",
    });
    mkdirSync(`${path}/rhsm`);
    const { config, environment, problems, sources } = loadConfig({ DJINIT_SECRETS_DIR: path });
    expect(problems).toEqual([]);
    const { DJINIT_SECRETS_DIR, ...found } = environment;
    expect(found).toEqual({ DB_PASSWORD: "a", SENTRY_DSN: "b", SECRET_KEY: "c", SUPERUSER_PASSWORD: "f" });
    expect(config.superuserPassword).toBe("f");
    expect(sources.origins["DB_PASSWORD"]).toBe(`file:${path}/db_password`);
  });

  test("gives way to the container's variables unless they are empty, and to NAME_FILE; env files give way to it", () => {
    const path = secretsIn("less", { A: "dir", B: "dir", C: "dir", DATABASE_URL: "sqlite:///dir" });
    const env = directory.write("less.env", "C=env\n");
    const url = directory.write("url", "sqlite:///file");
    const given = { A: "container", B: "", DATABASE_URL_FILE: url, DJINIT_ENV_FILE: env };
    const loaded = loadConfig({ DJINIT_SECRETS_DIR: path, ...given });
    const wins = { A: "container", B: "dir", C: "dir", DATABASE_URL: "sqlite:///file" };
    expect(loaded).toMatchObject({ problems: [], environment: wins });
    rmSync(`${path}/B`);
    expect(readAgain(loaded, []).environment).toMatchObject({ ...wins, B: "" });
  });

  test("what cannot be a value, two files for one name and no directory are problems", () => {
    const path = secretsIn("bad", {
      db_x: "hunter2",
      "db-x": "hunter2",
      keys: Buffer.from("hunter2\0"),
      empty: "",
    });
    const { problems } = loadConfig({ DJINIT_SECRETS_DIR: path });
    expect(problems.map(({ problem }) => problem)).toEqual([
      expect.stringContaining(`${path}/db_x and ${path}/db-x both are DB_X`),
      expect.stringContaining(`${path}/empty, which cannot be EMPTY: it is empty`),
      expect.stringContaining(`${path}/keys, which cannot be KEYS: it has a NUL byte`),
    ]);
    expect(JSON.stringify(problems)).not.toContain("hunter2");
    const none = loadConfig({ DJINIT_SECRETS_DIR: "/nowhere/secrets" }).problems;
    expect(none).toMatchObject([
      { variable: "DJINIT_SECRETS_DIR", problem: expect.stringContaining("ENOENT") },
    ]);
  });
});

describe("read again", () => {
  test("a directory as Kubernetes mounts it, whose content is swapped by a link", () => {
    const path = secretsIn("volume", {});
    const lay = (version: string, files: Record<string, string>): void => {
      mkdirSync(`${path}/..${version}`);
      for (const [name, text] of Object.entries(files)) writeFileSync(`${path}/..${version}/${name}`, text);
      symlinkSync(`..${version}`, `${path}/..data_tmp`);
      renameSync(`${path}/..data_tmp`, `${path}/..data`);
    };
    lay("1", { token: "one", old: "x" });
    for (const name of ["token", "old"]) symlinkSync(`..data/${name}`, `${path}/${name}`);
    const before = loadConfig({ DJINIT_SECRETS_DIR: path, API_TOKEN_FILE: `${path}/token` });
    expect(before).toMatchObject({ problems: [], environment: { TOKEN: "one", OLD: "x", API_TOKEN: "one" } });
    lay("2", { token: "two" });
    rmSync(`${path}/old`);
    const problems: Problem[] = [];
    const { environment } = readAgain(before, problems);
    expect(problems).toEqual([]);
    expect(environment).toMatchObject({ TOKEN: "two", API_TOKEN: "two" });
    expect(environment).not.toHaveProperty("OLD");
  });

  test("files that have not changed give the same variables, from the same places", () => {
    const path = secretsIn("same", { A: "1", B: "2", "c-d": "3" });
    const env = [
      directory.write("same-1.env", "A=e1\nB=e1\nX=e1\n"),
      directory.write("same-2.env", `X=e2\nB_FILE=${path}/A\n`),
    ];
    const names = ["A", "B", "C_D", "X", "DATABASE_URL"];
    const value = fc.constantFrom("", "container");
    const file = fc.constantFrom(`${path}/A`, `${path}/B`, "/nowhere", `${path}/none`);
    const variables = fc.record(
      {
        ...Object.fromEntries(names.map((name) => [name, value])),
        ...Object.fromEntries(names.map((name) => [`${name}_FILE`, file])),
        DJINIT_SECRETS: fc.constantFrom("A", "B,X"),
        DJINIT_SECRETS_DIR: fc.constant(path),
        DJINIT_ENV_FILE: fc.constantFrom(...env, env.join(":")),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(variables, (given) => {
        const before = loadConfig(given as Record<string, string>);
        fc.pre(before.problems.length === 0);
        const problems: Problem[] = [];
        const { environment, sources } = readAgain(before, problems);
        expect(problems).toEqual([]);
        expect(environment).toEqual(before.environment);
        expect(sources).toEqual(before.sources);
      }),
      { numRuns: 1_000 },
    );
  });

  test("what the application's NAME_FILE held is missed, not dropped", () => {
    const path = secretsIn("held", { key: "k" });
    const before = loadConfig({ DJINIT_SECRETS_DIR: path, SECRET_KEY_FILE: `${path}/key` });
    rmSync(`${path}/key`);
    const problems: Problem[] = [];
    readAgain(before, problems);
    expect(problems).toMatchObject([{ variable: "SECRET_KEY_FILE", value: `${path}/key` }]);
  });

  test("what no service may have is left alone", () => {
    const path = secretsIn("boot", { SUPERUSER_PASSWORD: "f", OTHER: "o" });
    const env = directory.write("boot.env", "SUPERUSER_EMAIL=e\nMINE=m\n");
    const before = loadConfig({ DJINIT_SECRETS_DIR: path, DJINIT_ENV_FILE: env });
    const sources = { ...before.sources, unset: ["SUPERUSER_PASSWORD", "SUPERUSER_EMAIL", "DJINIT_*"] };
    const { environment } = readAgain({ environment: {}, sources }, []);
    expect(environment).toEqual({ OTHER: "o", MINE: "m" });
  });
});
