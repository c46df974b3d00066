// What has to be true of the log after every round, each with a negative control.
import { describe, expect, test } from "vitest";
import { accessLogged } from "../../chaos/invariant-access.ts";
import { linesOnce, linesWhole } from "../../chaos/invariant-lines.ts";
import { accessLine, goodObservation, lineAt, logOf, requestAt, roundOf } from "./observation.ts";

describe("lines are whole", () => {
  const whole = lineAt(0, "gunicorn", "hello");

  test.each([
    ["a record", [whole], {}, 0],
    ["a torn one", [whole.slice(0, 20)], {}, 1],
    ["two on one line", [whole + whole], {}, 1],
    ["an empty one", [""], {}, 1],
    ["a record without msg", ['{"time":"t","level":"info","service":"nginx"}'], {}, 1],
    ["a number for a level", [lineAt(0, "nginx", "x", { level: 30 })], {}, 1],
    ["half a line at the end", [whole], { half: '{"time' }, 1],
    ["words on stderr", [whole], { stderr: "Segmentation fault" }, 1],
  ])("%s", (_what, lines, more, violations) => {
    expect(linesWhole({ logs: [logOf(lines, more)] })).toHaveLength(violations);
  });
});

describe("numbered lines", () => {
  const said = (...numbers: number[]) => [
    logOf(numbers.map((number) => lineAt(0, "gunicorn", `chaos: s1 ${number}/3 xxxx .`))),
  ];
  const request = requestAt(0, 5, { n: "s1", kind: "say" });

  test.each([
    ["all of them", [1, 2, 3], 0],
    ["one lost in the middle", [1, 3], 1],
    ["the last one lost", [1, 2], 1],
    ["none", [], 1],
    ["one doubled", [1, 2, 2, 3], 1],
    ["out of order", [1, 3, 2], 1],
  ])("%s", (_what, numbers, violations) => {
    expect(linesOnce({ logs: said(...numbers), requests: [request] })).toHaveLength(violations);
  });

  test("of a request that was cut off the last may be missing, but none in between", () => {
    const cut = { ...request, outcome: "cut" as const };
    expect(linesOnce({ logs: said(1, 2), requests: [cut] })).toEqual([]);
    expect(linesOnce({ logs: said(1, 3), requests: [cut] })).toHaveLength(1);
    expect(linesOnce({ logs: said(1, 2, 2), requests: [cut] })).toHaveLength(1);
  });
});

describe("the access log", () => {
  const request = requestAt(0, 5);
  const count = (fault: string, lines: string[], asked = request) =>
    accessLogged(goodObservation(roundOf(fault), { requests: [asked], logs: [logOf(lines)] })).length;

  test("has one line for each answer, with its status", () => {
    expect(count("freeze-beat", [accessLine(request)])).toBe(0);
    expect(count("freeze-beat", [])).toBe(1);
    expect(count("freeze-beat", [accessLine(request), accessLine(request)])).toBe(1);
    expect(count("freeze-beat", [accessLine({ ...request, outcome: 499 })])).toBe(1);
  });

  test("may lack the line of an answer that nginx was killed after, but not double it", () => {
    expect(count("kill-nginx-worker", [])).toBe(0);
    expect(count("kill-nginx-worker", [accessLine(request), accessLine(request)])).toBe(1);
    const later = requestAt(900, 905);
    expect(count("kill-nginx-worker", [], later)).toBe(1);
  });
});
