import { describe, expect, test } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../src/base/errors.ts";
import { EXIT_STATUS } from "../../src/base/exit-status.ts";
import { plain, readDocument, tableRows } from "./markdown.ts";

/** Below those of sysexits(3), which the container's own begin with. */
const STATUSES_OF_VERBS: number[] = [1, 2];
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

describe("docs/errors.md", () => {
  const rows = tableRows(readDocument("errors.md"), ["code", "exit status", "what happened", "way out"]);
  const rowOf = (code: string) => rows.find((row) => plain(row["code"] ?? "") === code);

  test("lists exactly the codes that there are, each once", () => {
    expect(rows.map(({ code = "" }) => plain(code)).sort()).toEqual([...CODES].sort());
  });

  test.each(CODES)("%s has the exit status and the hint of the code", (code) => {
    const { exitStatus, hint } = ERROR_CODES[code];
    const row = rowOf(code);
    const documented = row?.["exit status"] ?? "";
    if (exitStatus === null) expect(documented).toMatch(/^none\b/);
    else expect(Number(/\d+/.exec(documented)?.[0])).toBe(exitStatus);
    expect(plain(row?.["way out"] ?? "")).toBe(plain(hint));
    expect(row?.["what happened"]).not.toBe("");
  });
});

describe("docs/exit-statuses.md", () => {
  const rows = tableRows(readDocument("exit-statuses.md"), ["status", "means", "codes"]);

  test("lists exactly the statuses that there are, in order", () => {
    expect(rows.map(({ status }) => Number(status))).toEqual(
      Object.values(EXIT_STATUS).sort((a, b) => a - b),
    );
  });

  test("names at each the codes that lead to it", () => {
    const documented = rows.flatMap(({ status, codes = "" }) =>
      (codes.match(/DJINIT_\w+/g) ?? []).map((code) => [code, Number(status)]),
    );
    // A verb's own status is no status of the container, and some errors end nothing.
    const expected = CODES.map((code) => [code, ERROR_CODES[code].exitStatus] as const).filter(
      ([, status]) => status !== null && !STATUSES_OF_VERBS.includes(status),
    );
    expect(documented.sort()).toEqual(expected.sort());
  });
});

test("no error has the status of success: what stops nothing has none", () => {
  const statuses: (number | null)[] = CODES.map((code) => ERROR_CODES[code].exitStatus);
  expect(statuses).toContain(null);
  expect(statuses).not.toContain(EXIT_STATUS.ok);
});

test("codes are named alike and every hint is a way out: one line, no full stop, not empty", () => {
  for (const code of CODES) {
    expect(code).toMatch(/^DJINIT_[A-Z]+(_[A-Z]+)*$/);
    expect(ERROR_CODES[code].hint).toMatch(/^\S[^\n]*[^.\s]$/);
  }
});
