import { describe, expect, test } from "vitest";
import { compareMigrations } from "../../src/boot/compare-migrations.ts";

type Known = Parameters<typeof compareMigrations>[0];

/** `a.0001` or, squashed, `a.0009 a.0001 a.0002`: what it replaces. */
const known = (...lines: string[]): Known =>
  lines.map((line) => {
    const [self, ...replaces] = line.split(" ").map((word) => word.split(".") as [string, string]);
    const [app, name] = self as [string, string];
    return { app, name, replaces };
  });
const recorded = (...names: string[]) =>
  names.map((full) => {
    const [app = "", name = ""] = full.split(".");
    return { app, name };
  });

describe("what the image knows against what the database has recorded", () => {
  const TWO = known("a.0001", "a.0002");
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
    expect(compareMigrations(TWO, recorded(...rows))).toEqual(compared);
  });
});

describe("a squashed migration", () => {
  const SQUASHED = known("a.0001", "a.0002", "a.squashed a.0001 a.0002", "a.0003");
  test.each([
    ["on an empty database it is pending, and what it replaces is not", [], ["a.0003", "a.squashed"]],
    ["recorded, it stands for what it replaces", ["a.squashed", "a.0003"], []],
    [
      "when only what it replaces is recorded, Django must record it",
      ["a.0001", "a.0002", "a.0003"],
      ["a.squashed"],
    ],
    ["half of what it replaces", ["a.0001"], ["a.0003", "a.squashed"]],
  ])("%s", (_, rows, pending) => {
    const compared = compareMigrations(SQUASHED, recorded(...rows));
    expect(compared.pending.sort()).toEqual(pending);
    expect(compared.unknown).toEqual([]);
  });

  test("what it replaced, without files by now, is known all the same", () => {
    const compared = compareMigrations(
      known("a.squashed a.0001 a.0002"),
      recorded("a.0001", "a.0002", "a.squashed"),
    );
    expect(compared).toMatchObject({ pending: [], unknown: [], ahead: [] });
  });
});
