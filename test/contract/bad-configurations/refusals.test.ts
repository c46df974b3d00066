// Bad configurations, as tables: each is refused by name, with its value (never a secret's) and the way out, before anything starts.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { DjinitError } from "../../../src/base/errors.ts";
import { findAppDirectoryProblems } from "../../../src/boot/files/app-directory.ts";
import { findUrlProblems } from "../../../src/boot/postgres/url-problems.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { type Problem, refuseProblems } from "../../../src/config/problem.ts";
import { VARIABLES, type Variable } from "../../../src/config/variables.ts";
import { findProblems } from "../../../src/plan/build-plan.ts";
import { resolveInvocation } from "../../../src/plan/processes/resolve.ts";
import { BAD_COMBINATIONS, type BadCombination, SECRET } from "./combinations.ts";
import { BAD_VALUES } from "./values.ts";

const TABLE = Object.values(VARIABLES) as Variable[];
/** With these alone a container starts. */
const GOOD = { DJANGO_SETTINGS_MODULE: "shop.settings" };
const CMD = ["shop.wsgi:application"];
/** One of these is refused by every variable that does not take any text. */
const PROBES = ["\u0001", "a b;{}", "-1", "!", "="];

/** What the first half of a boot refuses. */
function problemsOf(env: Record<string, string>, cmd: readonly string[], directory: string): Problem[] {
  const loaded = loadConfig({ ...GOOD, ...env }, directory);
  const { config, environment, problems } = loaded;
  const { invocation, problems: unfit } = resolveInvocation(cmd, loaded);
  return [
    ...problems,
    ...unfit,
    ...findAppDirectoryProblems(config, false),
    ...findUrlProblems(config, environment),
    ...findProblems(invocation, config),
  ];
}

function project(files: BadCombination["files"] = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "djinit-bad-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(content === null ? path : dirname(path), { recursive: true });
    if (content !== null) writeFileSync(path, content);
  }
  return directory;
}

/** The one error of them all. */
function refusal(problems: readonly Problem[]): DjinitError {
  try {
    refuseProblems(problems);
  } catch (error) {
    if (error instanceof DjinitError) return error;
  }
  throw new Error("nothing is refused");
}

test("the configuration around each of them is good", () => {
  expect(problemsOf({}, CMD, project())).toEqual([]);
});

test("there are at least a hundred", () => {
  expect(BAD_VALUES.length + BAD_COMBINATIONS.length).toBeGreaterThanOrEqual(100);
});

describe("values", () => {
  test.each(BAD_VALUES)("%s=%j", (variable, value, reason) => {
    expect(problemsOf({ [variable]: value }, CMD, project())).toEqual([
      { variable, value, problem: `${variable} is ${JSON.stringify(value)}, ${reason}` },
    ]);
  });

  test("one of each variable, all at once: one error that names them all, and status 78", () => {
    const bad = Object.fromEntries(BAD_VALUES.map(([variable, value]) => [variable, value]));
    const { code, endStatus, hint, message } = refusal(problemsOf(bad, CMD, project()));
    expect([code, endStatus]).toEqual(["DJINIT_BAD_CONFIGURATION", 78]);
    expect(hint).toContain("`djinit config` lists every variable");
    for (const [variable, value] of Object.entries(bad))
      expect(message).toContain(`${variable} is ${JSON.stringify(value)}, `);
  });
});

describe("every variable that does not take any text", () => {
  const refused = TABLE.flatMap(({ name, secret }) => {
    const problems = PROBES.map((value) => loadConfig({ [name]: value }).problems);
    return problems.some((it) => it.length > 0) ? [[name, secret, problems.flat()] as const] : [];
  });

  test.each(refused)("%s names itself, the value, and what it would take", (name, secret, problems) => {
    for (const { variable, value, problem } of problems) {
      expect(variable).toBe(name);
      const shown = secret ? "set" : JSON.stringify(value);
      expect(problem.slice(0, `${name} is ${shown}, `.length)).toBe(`${name} is ${shown}, `);
      expect(problem, "its reason begins with which or where").toMatch(/, (which|where) .{10}/);
    }
  });

  test("it is most of the table", () => {
    expect(refused.length).toBeGreaterThan(TABLE.length / 2);
  });
});

describe("variables, CMD and files together", () => {
  test.each(BAD_COMBINATIONS.map((it) => [it.name, it] as const))("%s", (_, bad) => {
    const directory = project(bad.files);
    const at = (text: string): string => text.replaceAll("{dir}", directory);
    const env = Object.fromEntries(Object.entries(bad.env ?? {}).map(([name, value]) => [name, at(value)]));
    const problems = problemsOf(env, bad.cmd ?? CMD, directory);
    expect(problems.map(({ variable }) => variable)).toEqual(bad.problems.map(([variable]) => variable));
    for (const [index, [, text]] of bad.problems.entries()) {
      const { problem } = problems[index] as Problem;
      if (typeof text === "string") expect(problem).toContain(at(text));
      else expect(problem).toMatch(text);
    }
    expect(JSON.stringify(problems)).not.toContain(SECRET);
    expect(refusal(problems)).toMatchObject({ code: "DJINIT_BAD_CONFIGURATION", endStatus: 78 });
  });
});
