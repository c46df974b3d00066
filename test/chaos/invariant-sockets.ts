import { statusOf, targetOf } from "../support/records.ts";
import type { Observation, SocketOutcome, Violation } from "./observation.ts";
import { recordsOf } from "./records.ts";

/** RFC 6455: the server goes away; it restarts. */
const GOODBYES: readonly (number | undefined)[] = [1001, 1012];
const NORMAL = 1000;

/** Whoever has a WebSocket open hears of its end, with the application's own close frame where it sends one. */
export function socketsClosed({ fault }: Pick<Observation, "fault">): Violation[] {
  return (fault.sockets ?? []).filter((socket) => !isGood(socket)).map(violationOf);
}

function isGood({ polite, endedBy, closedMs, code }: SocketOutcome): boolean {
  if (closedMs === undefined) return false;
  if (endedBy === "client") return code === NORMAL;
  // After QUIT nobody waits for goodbyes.
  return !polite || endedBy === "QUIT" || GOODBYES.includes(code);
}

function violationOf({ n, polite, endedBy, closedMs, code }: SocketOutcome): Violation {
  const frame = endedBy === "client" ? `close frame ${NORMAL}` : `close frame ${GOODBYES.join(" or ")}`;
  const expected =
    endedBy === "client" || (polite && endedBy !== "QUIT") ? frame : "an end of the connection";
  return {
    invariant: "an open WebSocket is closed",
    expected: `${expected} on ${n} at the end by ${endedBy}`,
    got: closedMs === undefined ? "it is still open" : `code ${code}`,
  };
}

/** nginx has logged each of them, as it does every answer, when it was drained. */
export function socketsLogged({ fault, logs }: Pick<Observation, "fault" | "logs">): Violation[] {
  const drained = (fault.sockets ?? []).filter(({ endedBy }) => endedBy !== "QUIT");
  if (drained.length === 0) return [];
  const lines = logs
    .flatMap(recordsOf)
    .filter((record) => record.service === "nginx" && statusOf(record) === 101);
  return drained.flatMap(({ n }) => {
    const found = lines.filter((record) => targetOf(record)?.endsWith(`n=${n}`)).length;
    if (found === 1) return [];
    return [
      {
        invariant: "every answer has one line in the access log",
        expected: `one line with status 101 for WebSocket ${n}`,
        got: `${found} lines`,
      },
    ];
  });
}
