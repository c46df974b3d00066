// The tests of a group of projects: one for each cell, and one for the row of docs/projects.md.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Redis, startRedis } from "../../support/redis.ts";
import { buildProjectsBase } from "./build.ts";
import { CELL_NAMES, type Seen } from "./cells.ts";
import { measure } from "./measure.ts";
import { NOT_YET } from "./not-yet.ts";
import type { Project } from "./project.ts";
import { committedRow, rowOf, shouldWrite, writeRow } from "./row.ts";

const MEASURE_TIMEOUT_MS = 8 * 60_000;

export function checkProjects(projects: readonly Project[]): void {
  let redis: Redis;
  beforeAll(async () => {
    [redis] = await Promise.all([startRedis(), buildProjectsBase()]);
  });
  afterAll(() => redis?.container.rm());

  describe.each(projects)("$name", (project) => {
    let seen: Seen;
    beforeAll(async () => {
      // The tasks of the project before are none of this one's.
      await redis.command("flushall");
      seen = await measure(project, redis.url);
    }, MEASURE_TIMEOUT_MS);

    test.each(CELL_NAMES)("%s", (cell) => {
      const known = NOT_YET.find((entry) => entry.project === project.name && entry.cell === cell);
      const cause = seen.cause(cell);
      if (known === undefined) expect(cause, cause).toBeUndefined();
      else expect(cause, `${cell} of ${project.name} is true now: take it out of NOT_YET`).toBeDefined();
    });

    test("its row in docs/projects.md", () => {
      const row = rowOf(project, seen);
      if (shouldWrite()) writeRow(project, row);
      expect(committedRow(project), "`npm run projects` writes the table anew").toBe(row);
    });
  });
}
