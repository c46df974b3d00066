import { describe, expect, test } from "vitest";
import { compareMigrations } from "../../../../src/boot/schema/compare.ts";

type Known = Parameters<typeof compareMigrations>[0];

/** `a.0002 < a.0001`: what it depends on; squashed, `a.0009 a.0001 a.0002`: what it replaces. */
const known = (...lines: string[]): Known =>
  lines.map((line) => {
    const [own = "", needed = ""] = line.split(" < ");
    const pairs = (text: string) =>
      text
        .split(" ")
        .filter(Boolean)
        .map((word) => word.split(".") as [string, string]);
    const [[app, name] = ["", ""], ...replaces] = pairs(own);
    return { app, name, replaces, dependencies: pairs(needed) };
  });
const recorded = (...names: string[]) =>
  names.map((full) => {
    const [app = "", name = ""] = full.split(".");
    return { app, name };
  });

describe("what the image knows against what the database has recorded", () => {
  const TWO = known("a.0001", "a.0002 < a.0001");
  test.each([
    ["an empty database", [], { applied: [], pending: ["a.0001", "a.0002"], unknown: [], ahead: [] }],
    ["half of it", ["a.0001"], { applied: ["a.0001"], pending: ["a.0002"], unknown: [], ahead: [] }],
    [
      "all of it",
      ["a.0001", "a.0002"],
      { applied: ["a.0001", "a.0002"], pending: [], unknown: [], ahead: [] },
    ],
    [
      "a newer one",
      ["a.0001", "a.0002", "a.0003"],
      { applied: ["a.0001", "a.0002"], pending: [], unknown: ["a.0003"], ahead: ["a.0003"] },
    ],
    [
      "what is left of an older history",
      ["a.old", "a.0001", "a.0002"],
      { applied: ["a.0001", "a.0002"], pending: [], unknown: ["a.old"], ahead: [] },
    ],
    [
      "an app that the image does not have",
      ["b.0001", "a.0001", "a.0002"],
      { applied: ["a.0001", "a.0002"], pending: [], unknown: ["b.0001"], ahead: ["b.0001"] },
    ],
  ])("%s", (_, rows, compared) => {
    expect(compareMigrations(TWO, recorded(...rows))).toEqual({ ...compared, seemsInconsistent: false });
  });
});

describe("a squashed migration", () => {
  const SQUASHED = known("a.0001", "a.0002 < a.0001", "a.squashed a.0001 a.0002", "a.0003 < a.squashed");
  test.each([
    ["on an empty database it is pending, and what it replaces is not", [], ["a.0003", "a.squashed"]],
    ["recorded, it stands for what it replaces", ["a.squashed", "a.0003"], []],
    [
      "when only what it replaces is recorded, Django must record it",
      ["a.0001", "a.0002", "a.0003"],
      ["a.squashed"],
    ],
    [
      "of half of what it replaces the other half is applied, and it is not",
      ["a.0001"],
      ["a.0002", "a.0003"],
    ],
    ["recorded, with half of what it replaces", ["a.0001", "a.squashed"], ["a.0002", "a.0003"]],
  ])("%s", (_, rows, pending) => {
    const compared = compareMigrations(SQUASHED, recorded(...rows));
    expect(compared.pending.sort()).toEqual(pending);
    expect(compared.unknown).toEqual([]);
    expect(compared.seemsInconsistent).toBe(false);
  });

  test("what it replaced, without files by now, is known all the same", () => {
    const compared = compareMigrations(
      known("a.squashed a.0001 a.0002"),
      recorded("a.0001", "a.0002", "a.squashed"),
    );
    expect(compared).toMatchObject({ pending: [], unknown: [], ahead: [] });
  });
});

describe("a history that contradicts the migrations", () => {
  const CHAIN = known("b.0001", "a.0001", "a.0002 < a.0001 b.0001", "a.0003 < a.0002");
  const SQUASHED = known("a.0001", "a.0002 < a.0001", "a.squashed a.0001 a.0002", "a.0003 < a.squashed");
  test.each<[string, Known, string[], string[], boolean]>([
    ["none: the newest are missing", CHAIN, ["b.0001", "a.0001"], ["a.0002", "a.0003"], false],
    ["a row that is gone", CHAIN, ["b.0001", "a.0001", "a.0003"], ["a.0002"], true],
    ["a row of another app", CHAIN, ["a.0001", "a.0002", "a.0003"], ["b.0001"], true],
    [
      "a migration inserted below an applied one",
      known("a.0001", "a.0001b < a.0001", "a.0002 < a.0001b"),
      ["a.0001", "a.0002"],
      ["a.0001b"],
      true,
    ],
    [
      "none: one inserted beside it",
      known("a.0001", "a.0001b < a.0001", "a.0002 < a.0001"),
      ["a.0001", "a.0002"],
      ["a.0001b"],
      false,
    ],
    [
      "none: parts stand for the squashed one",
      SQUASHED,
      ["a.0001", "a.0002", "a.0003"],
      ["a.squashed"],
      false,
    ],
    ["none: the squashed one stands for its parts", SQUASHED, ["a.squashed", "a.0003"], [], false],
    ["a part of the squashed one is missing", SQUASHED, ["a.0001", "a.0003"], ["a.0002"], true],
    [
      "an app whose label was changed",
      known("new.0001", "b.0001 < new.0001"),
      ["old.0001", "b.0001"],
      ["new.0001"],
      true,
    ],
  ])("%s", (_, it, rows, pending, seemsInconsistent) => {
    expect(compareMigrations(it, recorded(...rows))).toMatchObject({ pending, seemsInconsistent });
  });
});
