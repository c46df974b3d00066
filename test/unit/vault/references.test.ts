import { describe, expect, test } from "vitest";
import type { Problem } from "../../../src/config/problem.ts";
import {
  describeReferences,
  fillIn,
  hasReference,
  readPieces,
} from "../../../src/config/sources/references.ts";
import { failureOfAnswer, failureOfConnection } from "../../../src/vault/failure.ts";
import { dueMs, pauseMs, renewed } from "../../../src/vault/lease-times.ts";
import { findWanted, giveValues } from "../../../src/vault/references.ts";

const VALUES: Record<string, string> = { username: "v-app", password: "p@s/s:%#", KEY: "k" };
const filled = (text: string): string => fillIn(readPieces(text), ({ key }) => VALUES[key] ?? "none");

describe("references", () => {
  test.each([
    ["vault:secret/app#KEY", "k", "vault:secret/app#KEY"],
    ["vault:secret/team/app#password", "p@s/s:%#", "vault:secret/team/app#password"],
    ["vault:secret/app#a key.with-signs", "none", "vault:secret/app#a key.with-signs"],
    [
      "postgres://{vault:database/creds/app#username}:{vault:database/creds/app#password}@db/app",
      "postgres://v-app:p%40s%2Fs%3A%25%23@db/app",
      "vault:database/creds/app#username, vault:database/creds/app#password",
    ],
    ["host=db password={vault:a/b#password}", "host=db password=p@s/s:%#", "vault:a/b#password"],
    ["{vault:a/b#username}{vault:a/b#KEY}", "v-appk", "vault:a/b#username, vault:a/b#KEY"],
  ])("%s", (text, value, from) => {
    expect(hasReference(text)).toBe(true);
    expect(filled(text)).toBe(value);
    expect(describeReferences(readPieces(text))).toBe(from);
  });

  test.each([
    ["vault:secret/app", "without #KEY"],
    ["vault:secret/app#", "without #KEY"],
    ["vault:app#KEY", "no path"],
    ["vault:/secret/app#KEY", "no path"],
    ["vault:secret/../sys/x#KEY", "no path"],
    ["vault:secret/app?version=1#KEY", "no path"],
    ["vault:secret/a b#KEY", "no path"],
    ["vault:secret/app%2f..#KEY", "no path"],
    ["x{vault:secret/app#KEY", "not {vault:PATH#KEY}"],
    ["x{vault:secret/app}", "without #KEY"],
    ["{vault:secret/app#{KEY}}", "not {vault:PATH#KEY}"],
  ])("%s is refused", (text, why) => {
    expect(hasReference(text)).toBe(true);
    expect(() => readPieces(text)).toThrow(why);
  });

  test.each([
    "vault",
    "xvault:secret/app#KEY",
    "vault:v1:8SDd3WHDOjf7mq69Cy/CqYjBXA==",
    "vault://host/x#y",
    "{vault}",
    "",
  ])("%j is the application's own", (text) => {
    expect(hasReference(text)).toBe(false);
  });
});

describe("a lease", () => {
  const lease = { fullMs: 3_600_000, grantedMs: 3_600_000, endMs: 3_600_000, renewable: true };

  test("is due at two thirds of what was granted last", () => {
    expect(dueMs(lease)).toBe(2_400_000);
    expect(dueMs({ ...lease, endMs: 10_000_000, grantedMs: 900_000 })).toBe(9_700_000);
  });

  test.each([
    [{ grantedMs: 3_600_000, renewable: true }, true],
    [{ grantedMs: 3_599_000, renewable: true }, true],
    [{ grantedMs: 3_000_000, renewable: true }, false],
    [{ grantedMs: 3_600_000, renewable: false }, false],
    [{ grantedMs: 0, renewable: true }, false],
  ])("renewed with %j may be renewed again: %s", (granted, renewable) => {
    const after = renewed(lease, { ...lease, ...granted, endMs: 9_000_000 });
    expect(after).toEqual({ fullMs: 3_600_000, grantedMs: granted.grantedMs, endMs: 9_000_000, renewable });
  });

  test("is asked for again after 1, 2, 4 … 30 s", () => {
    expect([1, 2, 3, 5, 6, 60].map(pauseMs)).toEqual([1_000, 2_000, 4_000, 16_000, 30_000, 30_000]);
  });
});

describe("what an answer means", () => {
  test.each([
    [400, "refused"],
    [403, "refused"],
    [404, "refused"],
    [412, "unreachable"],
    [429, "unreachable"],
    [472, "unreachable"],
    [473, "unreachable"],
    [500, "unreachable"],
    [503, "unreachable"],
  ])("%d: %s", (status, kind) => {
    expect(failureOfAnswer(status, { errors: ["1 error occurred:\n\t* why\n\n"] })).toMatchObject({
      kind,
      message: `${status}, 1 error occurred: * why`,
    });
    expect(failureOfAnswer(status, undefined).kind).toBe(kind);
  });

  test.each([
    ["ECONNREFUSED", "unreachable"],
    ["ENOTFOUND", "unreachable"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "refused"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "refused"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "refused"],
  ])("%s: %s", (code, kind) => {
    expect(failureOfConnection(Object.assign(new Error("x"), { code })).kind).toBe(kind);
  });
});

describe("what cannot be given a value", () => {
  test.each(["DJINIT_GRACE_PERIOD", "VAULT_ADDR"])(
    "%s, which is needed before Vault is asked",
    (variable) => {
      const problems: Problem[] = [];
      expect(findWanted({ environment: { [variable]: "vault:secret/app#KEY" } }, problems)).toEqual([]);
      const problem = `${variable} refers to Vault, but djinit needs it before it asks Vault`;
      expect(problems).toEqual([{ variable, problem }]);
    },
  );

  test("a variable whose value has a NUL byte, which no process could be started with", () => {
    const problems: Problem[] = [];
    const environment: Record<string, string> = { A: "vault:secret/app#KEY" };
    const sources = { origins: {}, own: [], passed: [], taken: {}, unset: [] };
    const secrets = { "secret/app": { values: { KEY: "a\0b" } } };
    const wanted = findWanted({ environment }, problems);
    giveValues(
      { environment, sources } as unknown as Parameters<typeof giveValues>[0],
      wanted,
      secrets,
      problems,
    );
    expect(problems).toEqual([{ variable: "A", problem: "A has a NUL byte in its value" }]);
    expect(environment).toEqual({ A: "vault:secret/app#KEY" });
  });
});
