// The end of the first life: the same PID goes on as a fresh, small process without root.
import { writeSync } from "node:fs";
import { descriptorsLeft } from "../plan/inherited-descriptors.ts";
import type { HandedOver, Plan } from "../plan/plan.ts";
import { dropNothing, dropToSupervisor } from "../platform/credentials.ts";
import { ownEnvironment } from "../platform/given-environment.ts";
import { closeOnExec, makeMemoryFile } from "../platform/libc.ts";

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

/**
 * Does not return. The plan and the application's `environment` go by a file in memory: neither a path nor PID 1's own
 * environment shows them. Errors: throws when there is no such file, or no setpriv.
 */
export function handOver(plan: Plan, environment: NodeJS.ProcessEnv): never {
  const { supervisorUser } = plan;
  const handed = leave({ plan, environment: environment as Record<string, string> });
  const supervise = [
    process.execPath,
    ...process.execArgv.filter((option) => !option.startsWith(LARGE_NURSERY)),
    ...SMALL_HEAP,
    process.argv[1] as string,
    "supervise",
    String(handed),
  ];
  const argv = [...privilegesOf(supervisorUser), ...supervise];
  const [file = ""] = argv;
  for (const fd of descriptorsLeft(plan)) closeOnExec(fd, false);
  process.execve?.(file, argv, ownEnvironment());
  throw new Error(`cannot become ${file}`);
}

/** A command that keeps root keeps all of it, and PID 1 with it. */
function privilegesOf(supervisorUser: string | undefined): string[] {
  if (supervisorUser !== undefined) return dropToSupervisor(supervisorUser);
  return process.getuid?.() === 0 ? [] : dropNothing();
}

function leave(handed: HandedOver): number {
  const fd = makeMemoryFile();
  const text = Buffer.from(JSON.stringify(handed));
  // At a place: who reads it begins where the descriptor is, which stays at the beginning.
  for (let at = 0; at < text.length; ) at += writeSync(fd, text, at, text.length - at, at);
  return fd;
}
