// The processes of a container, as this machine's /proc shows them. They run here, so nothing has to be started inside.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface HostProcess {
  /** On this machine. */
  pid: number;
  /** Inside its container. */
  innerPid: number;
  parentPid: number;
  /** One letter: R, S, D, T, Z… */
  state: string;
  argv: string[];
}

/** Names a container's PID namespace. Errors: the process is gone. */
export function namespaceOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/ns/pid`);
}

/** Every process of the namespace, however it came there. */
export function processesIn(namespace: string): HostProcess[] {
  const found: HostProcess[] = [];
  for (const name of readdirSync("/proc")) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    try {
      if (namespaceOf(pid) === namespace) found.push(readProcess(pid));
    } catch {
      // It has ended meanwhile.
    }
  }
  return found;
}

function readProcess(pid: number): HostProcess {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, "m").exec(status)?.[1] ?? "";
  const argv = readFileSync(`/proc/${pid}/cmdline`, "latin1").split("\0").filter(Boolean);
  return {
    pid,
    innerPid: Number(field("NSpid").split(/\s+/).at(-1)),
    parentPid: Number(field("PPid")),
    state: field("State").charAt(0),
    argv: argv.length > 0 ? argv : [`[${field("Name")}]`],
  };
}

/** Bytes of memory that are its own. Errors: it is gone. */
export function privateBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^RssAnon:\s*(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
}

/** Whether it is there and not a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return readProcess(pid).state !== "Z";
  } catch {
    return false;
  }
}
