// vitest's globalSetup of all tests: whatever they put into the directory of temporary files lies in one of the run's own, which goes
// with the run, whether its tests pass, fail or are killed.
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isAlive, runIdOf } from "./run-id.ts";

const PREFIX = "djinit-test-";
const OF_A_RUN = new RegExp(`^${PREFIX}(\\d+-\\d+)$`);

export default function setUp(): () => void {
  const place = tmpdir();
  removeDirectoriesOfDeadRuns(place);
  const path = makeRunDirectory(place, runIdOf(process.pid) ?? `${process.pid}-0`);
  const before = process.env["TMPDIR"];
  // Those of the tests' processes, and of theirs.
  process.env["TMPDIR"] = path;
  // Ctrl-C ends vitest without a teardown.
  const atExit = () => remove(path);
  process.once("exit", atExit);
  return () => {
    process.off("exit", atExit);
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    remove(path);
  };
}

/** For every user, as `/tmp` itself: some tests' processes are another's. */
export function makeRunDirectory(place: string, runId: string): string {
  const path = join(place, `${PREFIX}${runId}`);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o1777);
  return path;
}

/** Of those that ended without cleaning up. */
export function removeDirectoriesOfDeadRuns(place: string): void {
  for (const name of readdirSync(place)) {
    const runId = OF_A_RUN.exec(name)?.[1];
    if (runId !== undefined && !isAlive(runId)) remove(join(place, name));
  }
}

/** What a container's root has left there may be nobody else's to remove: then it stays. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true });
  } catch {}
}
