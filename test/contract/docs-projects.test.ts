import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PROJECTS } from "../container/projects/all.ts";
import { CELLS } from "../container/projects/cells.ts";
import { NOT_YET } from "../container/projects/not-yet.ts";
import { committedNames, committedRow, expectedRow, header, readPage } from "../container/projects/row.ts";

const FOLDERS = readdirSync(new URL("../projects", import.meta.url));

describe("docs/projects.md", () => {
  test("each folder of test/projects is tested, and has a row", () => {
    expect(PROJECTS.map(({ name }) => name).sort()).toEqual(FOLDERS.sort());
    expect(committedNames().sort()).toEqual(FOLDERS.sort());
  });

  test("the columns are those that are measured, and each is explained", () => {
    expect(readPage()).toContain(header());
    for (const [cell, text] of Object.entries(CELLS))
      expect(readPage()).toContain(`- **${cell}**: ${text}\n`);
  });

  // What was really seen is compared by the container tests.
  test.each(PROJECTS)("the row of $name is green but for what is known", (project) => {
    expect(committedRow(project)).toBe(expectedRow(project, NOT_YET));
  });

  test("what is known not to be true is about projects that are there", () => {
    for (const { project } of NOT_YET) expect(FOLDERS).toContain(project);
  });
});
