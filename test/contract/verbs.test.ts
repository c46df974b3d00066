import { describe, expect, test } from "vitest";
import type { Verb } from "../../src/cli/verb.ts";
import { VERB_NAMES, VERB_OF_OPTION } from "../../src/cli/verb-names.ts";
import { VERBS } from "../../src/cli/verbs.ts";
import { ANSWERS, isAsked } from "../../src/control/answers.ts";
import { plain, readDocument, tableRows } from "./markdown.ts";

const NAMES = VERBS.map(({ name }) => name);

describe("the table of verbs", () => {
  test("has each name that main.ts knows once, in the same order", () => {
    expect(NAMES).toEqual(Object.keys(VERB_NAMES));
    for (const name of VERB_OF_OPTION.values()) expect(NAMES).toContain(name);
  });

  test.each(VERBS)(
    "the usage of $name begins with it, and names its options",
    ({ name, usage, ...syntax }) => {
      expect(usage.split(" ")[0]).toBe(name);
      const options = Object.entries({ ...syntax.flags, ...syntax.values });
      const short = options.flatMap(([, letter]) => (letter === "" ? [] : [`-${letter}`]));
      const long = options.flatMap(([option, letter]) => (letter === "" ? [`--${option}`] : []));
      const expected = [...short, ...long];
      expect(usage.match(/(?<=\[)--?[a-z]+/g) ?? []).toEqual(expected);
    },
  );

  test("what is a command of the user's own as a CMD is nothing that answers without a running djinit", () => {
    const commands = VERBS.filter(({ name }) => VERB_NAMES[name] === "command");
    expect(commands.map(({ needs }) => needs)).toEqual(commands.map(() => "supervisor"));
  });
});

describe("the control socket", () => {
  test("answers exactly the verbs that need the supervisor", () => {
    const asked = VERBS.filter(({ needs }) => needs === "supervisor").map(({ name }) => name);
    expect(Object.keys(ANSWERS)).toEqual(asked);
  });

  test.each([["constructor"], [["stop"]], [undefined], [null], ["config"]])("%j is no verb of it", (verb) => {
    expect(isAsked(verb)).toBe(false);
  });
});

describe("docs/control.md", () => {
  const NEEDS: Record<Verb["needs"], string> = {
    supervisor: "a running djinit",
    boot: "Django or its database",
    nothing: "nothing",
  };
  const document = readDocument("control.md");
  const rows = tableRows(document, ["verb", "needs", "what it does", "exit status"]);

  test("lists exactly the verbs that there are, in order, with their usage", () => {
    expect(rows.map(({ verb = "" }) => plain(verb))).toEqual(VERBS.map(({ usage }) => usage));
  });

  test.each(VERBS)("says of $name what the table says, and more", ({ usage, about, needs }) => {
    const row = rows.find(({ verb = "" }) => plain(verb) === usage);
    expect(row?.["needs"]).toBe(NEEDS[needs]);
    expect(plain(row?.["what it does"] ?? "")).toMatch(
      new RegExp(`^${RegExp.escape(plain(about))}($|[:; ])`),
    );
    expect(row?.["exit status"]).not.toBe("");
  });

  test("names the words that are commands of the user's own as a CMD", () => {
    const [sentence = ""] = /the words [^.]+ are commands of your own/s.exec(document) ?? [];
    const words = [...sentence.matchAll(/`([a-z]+)`/g)].map(([, word]) => word);
    const commands = NAMES.filter((name) => VERB_NAMES[name] === "command");
    expect(words.sort()).toEqual(commands.sort());
  });
});
