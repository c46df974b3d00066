// What each type of variable takes, at its edges.
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { levels, requests } from "../../../src/config/log-types.ts";
import {
  choice,
  flag,
  hostName,
  integer,
  seconds,
  text,
  urlPath,
  userName,
} from "../../../src/config/value-types.ts";

/** The value; what is refused is the words that complete «NAME is "text", …». */
function read(schema: v.GenericSchema<string, unknown>, given: string): unknown {
  const parsed = v.safeParse(schema, given);
  return parsed.success ? parsed.output : `refused: ${parsed.issues[0].message}`;
}

const REFUSED = expect.stringMatching(/^refused: which is not /);

test("a flag is on with any text, and off without", () => {
  expect(["", "0", "false", " "].map((given) => read(flag(), given))).toEqual([false, true, true, true]);
});

test("a text is what it is", () => {
  expect(read(text(), " a\nb ")).toBe(" a\nb ");
});

test("a whole number, both ends included", () => {
  const schema = integer(3, 120);
  expect(["3", "120", "007"].map((given) => read(schema, given))).toEqual([3, 120, 7]);
  for (const given of ["2", "121", "", "-3", "3 ", "x3", "3x", "1234567890123456"])
    expect(read(schema, given), given).toBe("refused: which is not a whole number from 3 to 120");
});

test("seconds, to the millisecond, both ends included", () => {
  const schema = seconds(1, 90);
  const good = ["1", "90", "1.0", "90.000s", "2.5s", "1.25", "1.001"];
  expect(good.map((given) => read(schema, given))).toEqual([
    1_000, 90_000, 1_000, 90_000, 2_500, 1_250, 1_001,
  ]);
  for (const given of ["0.999", "90.001", "1.", ".5", "1.2345", "2ss", "s", "x2", "2x", "1,5", "1234567890"])
    expect(read(schema, given), given).toBe("refused: which is not a number of seconds from 1 to 90");
});

test("a choice, and what there is to choose from", () => {
  expect(read(choice("one", "two"), "two")).toBe("two");
  expect(read(choice("one", "two"), "Two")).toBe("refused: which is none of one, two");
});

test("a path begins with a slash, and has no character that would end it", () => {
  for (const given of ["/", "/health/", "/a?b=c#~"]) expect(read(urlPath(), given)).toBe(given);
  for (const given of ["", "a/", " /a", "/a b", "/a\n", "/ä", "/\u007f"])
    expect(read(urlPath(), given), given).toEqual(REFUSED);
});

test("a user has a plain name", () => {
  for (const given of ["django", "_www", "a-b_9", "x"]) expect(read(userName(), given)).toBe(given);
  for (const given of ["", "9a", "-a", "Django", "a b", "a\n", "root:root"])
    expect(read(userName(), given), given).toEqual(REFUSED);
});

test("a host may have a port, of five digits at most", () => {
  for (const given of ["a.example", "A-1", "10.0.0.5:80", "localhost:65535"])
    expect(read(hostName(), given)).toBe(given);
  for (const given of ["", "a:", "a:123456", "a:b", "a b", "a\n", "x/a", "[::1]"])
    expect(read(hostName(), given), given).toEqual(REFUSED);
});

describe("levels", () => {
  test.each([
    ["warn", { all: "warn" }],
    ["celery-worker=debug", { services: { "celery-worker": "debug" } }],
    ["info, nginx = warn", undefined],
    [" info ,nginx=warn, gunicorn=error ", { all: "info", services: { nginx: "warn", gunicorn: "error" } }],
    ["info,warn", { all: "warn" }],
  ])("%j", (given, expected) => {
    if (expected === undefined) expect(read(levels(), given)).toMatch(/^refused: /);
    else expect(read(levels(), given)).toEqual(expected);
  });

  test.each([
    ["", 'refused: where "" is none of '],
    ["loud", 'refused: where "loud" is none of '],
    ["nginx=loud", 'refused: where "loud" is none of '],
    ["my apache=warn", 'refused: where "my apache" is none of djinit, nginx, '],
    ["=warn", 'refused: where "" is none of djinit, nginx, '],
    ["nginx=info=warn", 'refused: where "info=warn" is none of '],
    ["info,", 'refused: where "" is none of '],
  ])("%j is refused", (given, message) => {
    expect(read(levels(), given)).toEqual(expect.stringContaining(message));
  });
});

describe("requests that are not logged", () => {
  test("are paths and beginnings of user agents", () => {
    expect(read(requests(), "/health/, /static/*,kube-probe/1.30")).toEqual([
      "/health/",
      "/static/*",
      "kube-probe/1.30",
    ]);
  });

  test.each(["", "/a,", "/a b", "*", "-x", '/a"b', "/a\\b", "/ä", "k\u007f"])("%j is refused", (given) => {
    expect(read(requests(), given)).toEqual(
      "refused: which is not a list, with commas, of paths that begin with / and may end with *, and of user agents",
    );
  });
});
