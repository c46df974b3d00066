import { describe, expect, test } from "vitest";
import { databaseKind } from "../../../src/plan/database-kind.ts";

describe("which way there is to wait for a database", () => {
  test.each([
    ["postgres://u:p@h/d", "postgres"],
    ["postgresql://h/d", "postgres"],
    ["psql://h/d", "postgres"],
    ["pgsql://h/d", "postgres"],
    ["postgis://h/d", "postgres"],
    ["timescale://h/d", "postgres"],
    ["timescalegis://h/d", "postgres"],
    ["sqlite:///db.sqlite3", "file"],
    ["sqlite3:///x", "file"],
    ["spatialite:///x", "file"],
    ["sqlite://:memory:", "file"],
    ["ldap://h", "file"],
    ["mysql://h/d", "other"],
    ["oracle://h/d", "other"],
    // The scheme is what a URL begins with, and no other part of it.
    ["mysql://h/d?via=postgres://h/d", "other"],
    ["mysql://h/d?copy=sqlite:///x", "other"],
    ["postgres:h", "other"],
    ["", "other"],
    [undefined, "other"],
  ])("%j: %s", (url, kind) => {
    expect(databaseKind(url)).toBe(kind);
  });
});
