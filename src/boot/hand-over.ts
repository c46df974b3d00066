// The end of the first life: the same PID goes on as a fresh, small process without root.
import { writeSync } from "node:fs";
import { LARGE_NURSERY, SMALL_HEAP } from "../base/node-options.ts";
import { descriptorsLeft } from "../plan/inherited-descriptors.ts";
import type { HandedOver, Plan } from "../plan/plan.ts";
import { dropNothing, dropToSupervisor } from "../platform/credentials.ts";
import { ownEnvironment } from "../platform/given-environment.ts";
import { closeOnExec, makeMemoryFile } from "../platform/libc.ts";

/**
 * Does not return. The plan and the application's `environment` go through a file in memory, so that neither a path nor
 * PID 1's environment shows them. Errors: throws without such a file, or without setpriv.
 */
export function handOver(
  plan: Plan,
  environment: NodeJS.ProcessEnv,
  vault: HandedOver["vault"] | undefined,
): never {
  const { supervisorUser } = plan;
  const handed = leave({
    plan,
    environment: environment as Record<string, string>,
    ...(vault === undefined ? {} : { vault }),
  });
  const supervise = [
    process.execPath,
    ...process.execArgv.filter((option) => option !== LARGE_NURSERY),
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
  // With a position, so that the descriptor stays at the beginning for its reader.
  for (let at = 0; at < text.length; ) at += writeSync(fd, text, at, text.length - at, at);
  return fd;
}
