// The end of the first life: the same PID goes on as a fresh, small process without root.
import { chownSync, writeFileSync } from "node:fs";
import { withoutBootSecrets } from "../plan/environment.ts";
import { descriptorsLeft } from "../plan/handed-sockets.ts";
import { APP_DIRECTORY, PLAN_FILE } from "../plan/paths.ts";
import type { Plan } from "../plan/plan.ts";
import { dropToSupervisor, findAccount } from "../platform/credentials.ts";
import { closeOnExec } from "../platform/libc.ts";
import { findCommand } from "../platform/path-search.ts";

/** Keeps signals that arrive while the next Node starts; it takes itself out of the environment. */
const KEEP_SIGNALS = "/usr/local/lib/djinit/keep-signals.so";

/**
 * For a process that lives for weeks and is to stay small: a small nursery and no helper threads, whose memory comes on top.
 * Only options that Node's own modules, which it has compiled ahead, are valid with: `--single-threaded`, `--expose-gc` and
 * `--initial-old-space-size` have it compile net, http and child_process anew at each start, for 10 ms and more.
 */
export const SMALL_HEAP = [
  "--max-semi-space-size=1",
  "--single-threaded-gc",
  "--no-concurrent-recompilation",
  "--no-concurrent-sparkplug",
  "--v8-pool-size=0",
];

/** The boot has one, since it ends before it would be worth collecting. */
const LARGE_NURSERY = "--min-semi-space-size";

/** Does not return. Errors: throws when the plan cannot be written or setpriv is not there. */
export function handOver(plan: Plan, environment: NodeJS.ProcessEnv): never {
  writeFileSync(PLAN_FILE, JSON.stringify(plan), { mode: 0o600 });
  const { supervisorUser } = plan;
  const supervise = [
    process.execPath,
    ...process.execArgv.filter((option) => !option.startsWith(LARGE_NURSERY)),
    ...SMALL_HEAP,
    process.argv[1] as string,
    "supervise",
    PLAN_FILE,
  ];
  if (supervisorUser !== undefined) {
    const { uid, gid } = findAccount(supervisorUser);
    chownSync(PLAN_FILE, uid, gid);
  }
  const words =
    supervisorUser === undefined ? supervise : [...dropToSupervisor(supervisorUser), ...supervise];
  const [command = ""] = words;
  const file = findCommand(command, environment["PATH"], APP_DIRECTORY);
  if (file === undefined) throw new Error(`cannot find ${command} on PATH`);
  for (const fd of descriptorsLeft(plan)) closeOnExec(fd, false);
  const kept = withoutBootSecrets(environment);
  process.execve?.(file, words, { ...kept, LD_PRELOAD: KEEP_SIGNALS } as Record<string, string>);
  throw new Error(`cannot become ${file}`);
}
