import type { MemberProcesses, Violation } from "./observation.ts";
import { EXPECTED } from "./process-kinds.ts";

type Sample = Pick<MemberProcesses, "member" | "initPid" | "servicePids" | "processes">;

export function noZombies(sample: Sample): Violation[] {
  return sample.processes
    .filter(({ state }) => state === "Z")
    .map((process) => violation("no zombie", "every dead process is reaped", sample, process));
}

/** A child of PID 1 that is no service's main process has lost its parent. */
export function noOrphans(sample: Sample): Violation[] {
  const { initPid, servicePids = [] } = sample;
  return sample.processes
    .filter(({ parentPid, innerPid, state }) => {
      return parentPid === initPid && state !== "Z" && !servicePids.includes(innerPid);
    })
    .map((process) => violation("no orphan", "every process belongs to a service", sample, process));
}

/** Of each kind as many as there should be, and none of any other. */
export function onlyPlannedProcesses(sample: Sample): Violation[] {
  const alive = sample.processes.filter(({ state }) => state !== "Z");
  const strangers = alive
    .filter(({ kind }) => kind === "other")
    .map((process) => violation("no process outside the plan", "it is not there", sample, process));
  const miscounted = Object.entries(EXPECTED[sample.member])
    .map(([kind, expected]) => ({ kind, expected, got: alive.filter((it) => it.kind === kind).length }))
    .filter(({ expected, got }) => expected !== got)
    .map(({ kind, expected, got }) => ({
      invariant: "the processes of the plan",
      expected: `${expected} ${kind} in ${sample.member}`,
      got: String(got),
    }));
  const expected = Object.keys(EXPECTED[sample.member]);
  const misplaced = alive
    .filter(({ kind }) => kind !== "other" && !expected.includes(kind))
    .map((process) => violation("no process outside the plan", "it is not there", sample, process));
  return [...strangers, ...misplaced, ...miscounted];
}

/** All that is wrong with the processes of one container. */
export function judgeProcesses(sample: Sample): Violation[] {
  // Which processes it cares for only PID 1 can tell.
  if (sample.servicePids === undefined) {
    const got = sample.processes.length === 0 ? "it is gone" : "no answer";
    return [{ invariant: "PID 1 answers", expected: `${sample.member} tells its status`, got }];
  }
  return [...noZombies(sample), ...noOrphans(sample), ...onlyPlannedProcesses(sample)];
}

function violation(
  invariant: string,
  expected: string,
  { member }: Sample,
  { innerPid, parentPid, state, argv, kind }: MemberProcesses["processes"][number],
): Violation {
  const got = `${member}: pid ${innerPid}, parent ${parentPid} (of the machine), ${kind}, state ${state}: ${argv.join(" ")}`;
  return { invariant, expected, got };
}
