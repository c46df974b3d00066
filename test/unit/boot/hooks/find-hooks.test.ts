import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { findHooks } from "../../../../src/boot/hooks/find-hooks.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

/** Names and what was refused, of a directory with these files and their modes. */
function findIn(files: Record<string, number>, prepare = (_directory: string) => {}) {
  const { path: directory } = temporaryDirectory();
  for (const [name, mode] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, "");
    chmodSync(path, mode);
  }
  prepare(directory);
  const { hooks, problems } = findHooks(false, directory);
  return {
    names: hooks.map(({ name }) => name),
    problems: problems.map(({ variable, problem }) => ({
      path: variable.slice(directory.length + 1),
      problem: problem.replaceAll(`${directory}/`, ""),
    })),
  };
}

test("the order is that of the points, and in each that of the names' bytes", () => {
  const names = [
    "before-start/a",
    "after-migrate/a",
    "before-migrate/b",
    "before-migrate/B",
    "before-migrate/9",
    "before-migrate/10-x.sh",
    "before-migrate/é",
  ];
  expect(findIn(Object.fromEntries(names.map((name) => [name, 0o755])))).toEqual({
    names: [
      "before-migrate/10-x.sh",
      "before-migrate/9",
      "before-migrate/B",
      "before-migrate/b",
      "before-migrate/é",
      "after-migrate/a",
      "before-start/a",
    ],
    problems: [],
  });
});

test("no directory, or an empty one: no hooks, and no problem", () => {
  expect(findHooks(false, "/no/such/directory")).toEqual({ hooks: [], problems: [] });
  expect(findIn({})).toEqual({ names: [], problems: [] });
});

test.each([
  ".gitkeep",
  "..data",
  "10-a~",
  "README",
  "README.md",
  "notes.txt",
  "10-a.sample",
  "10-a.disabled",
  "10-a.bak",
  "10-a.dpkg-old",
])("%s is ignored", (name) => {
  expect(findIn({ [`before-migrate/${name}`]: 0o644 })).toEqual({ names: [], problems: [] });
});

describe("nothing else is skipped in silence", () => {
  test.each([
    [
      "a file that may not be executed",
      { "before-start/a": 0o644 },
      "before-start/a",
      "its mode 0644 does not let the container's user execute it",
    ],
    [
      "a directory in the place of a file",
      { "before-start/a/b": 0o755 },
      "before-start/a",
      "it is a directory",
    ],
    [
      "a file in the place of a directory",
      { "before-start": 0o755 },
      "before-start",
      "it is to be a directory with programs in it",
    ],
    [
      "a directory of another name",
      { "pre-migrate/a": 0o755 },
      "pre-migrate",
      "has no meaning: hooks lie in before-migrate, after-migrate, before-start there",
    ],
  ])("%s", (_what, files, path, said) => {
    const { names, problems } = findIn(files as Record<string, number>);
    expect(names).toEqual([]);
    expect(problems).toEqual([{ path, problem: expect.stringContaining(said) }]);
  });

  test("a link leads where it leads", () => {
    const { names, problems } = findIn({ "before-start/..data/real": 0o755 }, (directory) => {
      symlinkSync("..data/real", join(directory, "before-start/10-good"));
      symlinkSync("..data/gone", join(directory, "before-start/20-gone"));
    });
    expect(names).toEqual(["before-start/10-good"]);
    expect(problems).toEqual([
      { path: "before-start/20-gone", problem: expect.stringContaining("its link leads nowhere") },
    ]);
  });

  test("the bits of the owner count for the owner, those of the others for all others", () => {
    expect(findIn({ "before-start/a": 0o655 }).problems).toHaveLength(process.getuid?.() === 0 ? 0 : 1);
    expect(findIn({ "before-start/a": 0o100 }).names).toEqual(["before-start/a"]);
  });
});
