import { describe, expect, test } from "vitest";
import { readCommand } from "../../../../src/plan/role.ts";
import { findBeatInside } from "../../../../src/plan/words/beat-inside.ts";

const told = (line: string) => findBeatInside(readCommand(line.split(" ")));

describe("a beat inside a worker is told of, with what to write", () => {
  test.each([
    ["celery -A shop worker -B", "-B"],
    ["celery -A shop worker --beat -l info", "--beat"],
    ["celery -A shop worker -EB -c 2", "-EB"],
    ["python -m celery -A shop worker -l info -B", "-B"],
  ])("%s", (line, word) => {
    expect(told(line)).toEqual([
      {
        variable: "CMD",
        value: word,
        problem: `the CMD has \`${word}\`: the worker is a beat as well, and each further one sends every scheduled task once more; leave it out, and start one beat: CMD ["celery", "beat"], or CELERY_BEAT=1 beside web`,
      },
    ]);
  });

  test("in the Procfile, alone and beside web", () => {
    const entry = { ...readCommand("celery -A shop worker -B".split(" ")), name: "mail" };
    const problem = expect.stringContaining('the entry "mail" of the Procfile has `-B`');
    expect(findBeatInside(entry)).toMatchObject([{ variable: "Procfile", problem }]);
    const web = readCommand(["shop.wsgi"]);
    const beside = [{ name: "mail", count: 1, invocation: entry }];
    expect(findBeatInside({ ...web, beside })).toMatchObject([{ variable: "Procfile", problem }]);
  });

  test.each([
    "celery -A shop worker",
    "celery -A shop beat",
    // The value of another option.
    "celery -A shop worker -Q B",
    "celery -A shop worker -n -B",
    "celery -A shop worker -QB",
    "shop.wsgi",
    "sh -B",
  ])("%s: none", (line) => {
    expect(told(line)).toEqual([]);
  });
});
