import { statusOf, targetOf } from "../support/records.ts";
import { excusesOf } from "./excuses.ts";
import type { Observation, Violation } from "./observation.ts";
import { recordsOf } from "./records.ts";

/** nginx logs after it has answered: killed between the two, it has not logged. */
const BETWEEN_MS = 100;

/** Every request that was answered has one line in the access log, with the status that the client got. */
export function accessLogged(observation: Observation): Violation[] {
  const logged = new Map<string, unknown[]>();
  for (const record of observation.logs.flatMap(recordsOf)) {
    // nginx's error log tells of requests too, but not how they were answered.
    const status = record.service === "nginx" ? statusOf(record) : undefined;
    const n = /[?&]n=([^\s&]+)/.exec(targetOf(record) ?? "")?.[1];
    if (n !== undefined && status !== undefined) logged.set(n, [...(logged.get(n) ?? []), status]);
  }
  const killed = excusesOf(observation).filter(({ outcomes }) => outcomes.includes("cut"));
  return observation.requests.flatMap(({ n, outcome, startMs, endMs }) => {
    const statuses = logged.get(n) ?? [];
    const isFewer = statuses.length === 0;
    const isExcused = killed.some((it) => startMs <= it.toMs && endMs + BETWEEN_MS >= it.fromMs);
    if (typeof outcome !== "number") {
      if (statuses.length <= 1) return [];
    } else if ((statuses.length === 1 && statuses[0] === outcome) || (isFewer && isExcused)) return [];
    return [
      {
        invariant: "every answer has one line in the access log",
        expected: `one line with status ${outcome} for request ${n}`,
        got: isFewer ? "none" : `statuses ${statuses.join(", ")}`,
      },
    ];
  });
}
