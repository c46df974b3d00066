import { describe, expect, test } from "vitest";
import { commandOfLine } from "../../../src/plan/processes/line.ts";
import { eventually } from "../../support/eventually.ts";
import { Supervised, servicePlan } from "../../support/supervised.ts";

/** A program that takes a moment to end after TERM, and tells that it has ended in order. */
const PROGRAM = "sh -c 'trap \"echo drained; exit 0\" TERM; echo ready; while :; do sleep 0.1; done'";

async function runsAndStops(line: string) {
  const { argv, signalsGroup } = commandOfLine(line);
  const run = new Supervised([servicePlan("app", "steady", { argv, signalsGroup })]);
  run.supervisor.start();
  await eventually(() => run.said().includes("app: ready"), { what: "the program" });
  run.supervisor.stop("SIGTERM");
  expect(await run.finished()).toBe(0);
  const end = run.records().find(({ msg }) => msg === "app stopped");
  return { said: run.said(), status: end?.["target_status"] };
}

describe("a stop reaches the program of a line", () => {
  test.each([
    ["without a shell", PROGRAM],
    ["after other commands", `cd / && ${PROGRAM}`],
    ["with variables", `NAME=x ${PROGRAM}`],
    ["in a loop, which ends with it", `while true; do ${PROGRAM}; echo again; done`],
    ["before others, which are not begun", `${PROGRAM} || echo again; true | cat; echo again`],
  ])("%s", async (_, line) => {
    const { said, status } = await runsAndStops(line);
    // A shell that dies of the signal itself would leave the program behind: it would be killed before it is done.
    expect(status).toBe(0);
    expect(said).toContain("app: drained");
    expect(said).not.toContain("app: again");
  });
});
