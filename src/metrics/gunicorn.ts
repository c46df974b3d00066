// How busy gunicorn is, from the kernel's list of its connections.
import { readFileSync } from "node:fs";
import { type Family, family } from "./family.ts";

/** States of a connection in /proc/net/unix: not accepted yet, and accepted. */
const [WAITING, ACCEPTED] = ["02", "03"];

/** `workers` is the number of its worker processes, `websockets` that of the connections that are no requests. */
export function collectGunicorn(workers: number, socketPath: string, websockets = 0): Family[] {
  let table: string;
  try {
    table = readFileSync("/proc/net/unix", "latin1");
  } catch {
    return [family("gunicorn_workers", [{ value: workers }])];
  }
  const { accepted, waiting, listening } = countConnections(table, socketPath);
  return [
    family("gunicorn_workers", [{ value: workers }]),
    // If gunicorn listens elsewhere, its connections are unknown.
    ...(listening
      ? [
          // A worker with threads takes several connections.
          family("gunicorn_workers_busy", [{ value: busyWorkers(workers, accepted - websockets) }]),
          family("gunicorn_backlog", [{ value: waiting }]),
        ]
      : []),
  ];
}

/** The two are not counted at the same moment. */
function busyWorkers(workers: number, requests: number): number {
  return Math.max(0, Math.min(workers, requests));
}

/** The server's side of a connection has the path of the listening socket. */
export function countConnections(
  table: string,
  path: string,
): { accepted: number; waiting: number; listening: boolean } {
  const found = { accepted: 0, waiting: 0, listening: false };
  for (const line of table.split("\n")) {
    if (!line.endsWith(path)) continue;
    const [, , , flags, , state] = line.split(/ +/);
    // __SO_ACCEPTCON
    if (flags === "00010000") found.listening = true;
    else if (state === ACCEPTED) found.accepted += 1;
    else if (state === WAITING) found.waiting += 1;
  }
  return found;
}
