import { describe, expect, test } from "vitest";
import { findUrlProblem, postgresOptions } from "../../src/boot/database-url.ts";
import { databaseKind } from "../../src/plan/database-kind.ts";

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
    ["postgres://u:p@%2Fvar%2Frun/d", { host: "/var/run", database: "d" }],
    ["postgres://u:p@h/d?application_name=x", { host: "h", application_name: "x" }],
    // libpq's meaning: encrypted, but nobody's certificate is checked.
    ["postgres://u:p@h/d?sslmode=require", { ssl: { rejectUnauthorized: false } }],
    ["postgres://u:p@h/d?sslmode=disable", { ssl: false }],
  ])("%s", (url, options) => {
    expect(postgresOptions(url)).toMatchObject(options);
  });
});

describe("what is wrong with the URL itself", () => {
  test.each([
    [undefined],
    ["postgres://u:p@h/d"],
    ["postgres:///d?host=/tmp"],
    ["sqlite:////x"],
    ["mysql://u:p@h:port/d"],
    ["mysql+pymysql://u:p@h/d"],
  ])("%s: nothing", (url) => {
    expect(findUrlProblem(url)).toEqual([]);
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
    const problems = findUrlProblem(url);
    expect(problems).toMatchObject([{ variable: "DATABASE_URL", problem: expect.stringContaining(reason) }]);
    expect(JSON.stringify(problems)).not.toContain("s3cr3t");
  });
});
