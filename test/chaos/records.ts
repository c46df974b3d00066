// Lines of a log as records.
import { type LogRecord, parseRecords } from "../support/records.ts";
import type { MemberLog, Observation } from "./observation.ts";

/** The records of a log; what is no record is left out, and an invariant of its own finds it. */
export function recordsOf({ lines }: Pick<MemberLog, "lines">): LogRecord[] {
  return lines.flatMap(({ text }) => {
    try {
      return parseRecords(text);
    } catch {
      return [];
    }
  });
}

/** What djinit itself said in any of the containers. */
export function ownRecords({ logs }: Observation): LogRecord[] {
  return logs.flatMap(recordsOf).filter(({ service }) => service === "djinit");
}

/** When djinit said so for the first time from `fromMs` on; undefined if it did not. */
export function timeOf(observation: Observation, msg: string, fromMs: number): number | undefined {
  const times = ownRecords(observation)
    .filter((record) => record.msg === msg)
    .map(({ time }) => Date.parse(time));
  return times.filter((time) => time >= fromMs).sort((a, b) => a - b)[0];
}
