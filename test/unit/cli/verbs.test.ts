import { expect, test } from "vitest";
import { readArguments } from "../../../src/cli/arguments.ts";
import { VERBS } from "../../../src/cli/verbs.ts";

/** What stands in a usage's place of a word. */
const EXAMPLES: Record<string, string> = { SERVICE: "nginx", "+1|-1|N": "-1" };

test.each(VERBS)("$name takes as many operands as its usage has, and no more", (verb) => {
  const operands = verb.usage.split(" ").slice(1);
  const needed = operands
    .filter((word) => /^(?!\[|LEVEL|N\]|FILE\])/.test(word))
    .map((word) => EXAMPLES[word] ?? word);
  expect(readArguments(needed, verb).operands).toEqual(needed);
  if (needed.length > 0) expect(() => readArguments(needed.slice(1), verb)).toThrow("a word is missing");
  const most = verb.operands?.[1] ?? 0;
  expect(most).toBe(needed.length + operands.filter((word) => /^\[[A-Z]/.test(word)).length);
  const tooMany = Array.from({ length: most + 1 }, () => "word");
  const cause = `"word" is too much; usage: djinit ${verb.usage}`;
  expect(() => readArguments(tooMany, verb)).toThrow(cause);
});
