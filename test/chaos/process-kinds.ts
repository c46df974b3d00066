// Which process is which: what the plan of each container allows for, and nothing else.
import type { ProcessKind } from "./fault-table.ts";
import type { HostProcess } from "./host-processes.ts";
import type { MemberName } from "./round.ts";

export const GUNICORN_WORKERS = 2;
export const POOL_PROCESSES = 2;

const WEB: Partial<Record<ProcessKind, number>> = {
  djinit: 1,
  "nginx-master": 1,
  "nginx-worker": 1,
  "gunicorn-master": 1,
  "gunicorn-worker": GUNICORN_WORKERS,
};

/** How many of each kind a container has when all is well. */
export const EXPECTED: Record<MemberName, Partial<Record<ProcessKind, number>>> = {
  all: { ...WEB, "celery-main": 1, beat: 1 },
  web: WEB,
  worker: { djinit: 1, "celery-main": 1, "celery-pool": POOL_PROCESSES },
  beat: { djinit: 1, beat: 1 },
};

/** `other`: nothing that a plan knows. */
export function kindOf(process: HostProcess, initPid: number): ProcessKind | "other" {
  const { pid, parentPid, argv } = process;
  if (pid === initPid) return "djinit";
  const line = argv.join(" ");
  const isMain = parentPid === initPid;
  if (line.startsWith("nginx: master")) return "nginx-master";
  if (line.startsWith("nginx: worker")) return "nginx-worker";
  if (/\/gunicorn /.test(line)) return isMain ? "gunicorn-master" : "gunicorn-worker";
  if (/\/celery .*\bbeat\b/.test(line)) return "beat";
  if (/\/celery .*\bworker\b/.test(line)) return isMain ? "celery-main" : "celery-pool";
  return "other";
}
