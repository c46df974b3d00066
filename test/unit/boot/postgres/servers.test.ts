import { describe, expect, test } from "vitest";
import { findUrlProblems, postgresOptions, serversOf } from "../../../../src/boot/postgres/database-url.ts";
import { databaseKind } from "../../../../src/plan/database-kind.ts";

test.each([
  [undefined, "other"],
  ["postgres://u:p@h/d", "postgres"],
  ["postgresql://h/d", "postgres"],
  ["psql://h/d", "postgres"],
  ["pgsql://h/d", "postgres"],
  ["postgis://h/d", "postgres"],
  ["timescalegis://h/d", "postgres"],
  ["sqlite:////app/data/db.sqlite3", "file"],
  ["sqlite://:memory:", "file"],
  ["spatialite:///x", "file"],
  ["mysql://u:p@h/d", "other"],
  ["oracle://u:p@h/d", "other"],
  ["postgresqlx://h/d", "other"],
])("%s is waited for as %s", (url, kind) => {
  expect(databaseKind(url)).toBe(kind);
});

describe("what Postgres is connected with", () => {
  test.each([
    ["postgres://u:p@h:6543/d", { user: "u", password: "p", host: "h", port: "6543", database: "d" }],
    ["postgis://u:p@h/d", { host: "h", database: "d" }],
    ["psql://u:p%40%2F%3A%20x@h/d", { password: "p@/: x", host: "h" }],
    ["postgres://u:p@[::1]:5432/d", { host: "::1", port: "5432" }],
    ["postgres:///d?host=/var/run/postgresql", { host: "/var/run/postgresql", database: "d" }],
    ["postgres:////run/postgresql/d", { host: "/run/postgresql", database: "d" }],
    ["postgres://u:p@/%2Frun%2Fpostgresql/d", { user: "u", host: "/run/postgresql", database: "d" }],
    ["postgres://u:p@h1:6543,h2/d", { host: "h1", port: "6543", user: "u", database: "d" }],
    ["postgres://u:p@h/d?options=-c%20search_path%3Dx", { options: "-c search_path=x" }],
    ["postgres://u:p@%2Fvar%2Frun/d", { host: "/var/run", database: "d" }],
    ["postgres://u:p@h/d?application_name=x", { host: "h", application_name: "x" }],
    // libpq's meaning: encrypted, but nobody's certificate is checked.
    ["postgres://u:p@h/d?sslmode=require", { ssl: { rejectUnauthorized: false } }],
    ["postgres://u:p@h/d?sslmode=disable", { ssl: false }],
  ])("%s", (url, options) => {
    expect(postgresOptions(url)).toMatchObject(options);
  });
});

test("each server of a cluster is tried", () => {
  expect(
    serversOf("psql://u:p%2C@h1,[::1]:6543,h3:1/d?sslmode=disable").map((url) => postgresOptions(url)),
  ).toMatchObject([
    { host: "h1", port: "", user: "u", password: "p," },
    { host: "::1", port: "6543", database: "d" },
    { host: "h3", port: "1", ssl: false },
  ]);
});

describe("what is wrong with the URL itself", () => {
  test.each([
    [undefined],
    ["postgres://u:p@h/d"],
    ["postgres:///d?host=/tmp"],
    ["postgres://u:p@h1:1,h2:2/d"],
    ["sqlite:////x"],
    ["mysql://u:p@h:port/d"],
    ["mysql+pymysql://u:p@h/d"],
  ])("%s: nothing", (url) => {
    expect(findUrlProblems({ databaseUrl: url })).toEqual([]);
  });

  test.each([
    ["hello", "is no URL"],
    ["//h/d", "is no URL"],
    ["postgres://u:s3cr3t@h:port/d", "cannot be parsed"],
    ["postgres://h:99999/d", "cannot be parsed"],
    ["postgres://u:s3cr3t", "cannot be parsed"],
    ["postgres://u:s3cr3t/x@h/d", "cannot be parsed"],
    ["postgres://u:s3cr3t#x@h/d", "cannot be parsed"],
    ["postgres://u:s3cr3t?x@h/d", "cannot be parsed"],
    ["postgres://u:s3cr3t@h/d?port=abc", 'its port is "abc"'],
    ["postgres://u:s3cr3t@h/d?sslrootcert=/nowhere.pem", "/nowhere.pem"],
    ["postgres://u:s3cr3t@h/d?sslmode=verify-ca", "sslmode=verify-ca"],
  ])("%s: %s", (url, reason) => {
    const problems = findUrlProblems({ databaseUrl: url });
    expect(problems).toMatchObject([{ variable: "DATABASE_URL", problem: expect.stringContaining(reason) }]);
    expect(JSON.stringify(problems)).not.toContain("s3cr3t");
  });

  test("the URL for migrations is looked at too, and both are reported", () => {
    const problems = findUrlProblems({ databaseUrl: "hello", migrationsDatabaseUrl: "postgres://h:port/d" });
    expect(problems.map(({ variable }) => variable)).toEqual(["DATABASE_URL", "MIGRATIONS_DATABASE_URL"]);
  });
});
