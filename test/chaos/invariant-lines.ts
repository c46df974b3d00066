import { parseRecords } from "../support/records.ts";
import type { MemberLog, Observation, Violation } from "./observation.ts";
import { recordsOf } from "./records.ts";

const FIELDS = ["time", "level", "service", "msg"] as const;
/** `<logger>: <request> <number>/<lines> xxx… .` */
const NUMBERED = /(?:^|: )(\S+) (\d+)\/(\d+) x+ \.$/;

/** Every line of stdout is one whole record, and nothing else is written anywhere. */
export function linesWhole({ logs }: Pick<Observation, "logs">): Violation[] {
  return logs.flatMap((log) => [...tornLines(log), ...strayOutput(log)]);
}

function tornLines({ member, lines, half }: MemberLog): Violation[] {
  const expected = `a JSON object with ${FIELDS.join(", ")}`;
  const texts = half === "" ? lines.map(({ text }) => text) : [...lines.map(({ text }) => text), half];
  return texts
    .filter((text) => !isWhole(text))
    .map((text) => ({ invariant: "log lines are whole", expected, got: `${member}: ${text.slice(0, 500)}` }));
}

function isWhole(text: string): boolean {
  try {
    const [record] = parseRecords(text);
    return FIELDS.every((field) => typeof record?.[field] === "string");
  } catch {
    return false;
  }
}

function strayOutput({ member, stderr }: MemberLog): Violation[] {
  if (stderr === "") return [];
  const got = `${member}: ${stderr.slice(0, 500)}`;
  return [{ invariant: "nothing but records is written", expected: "nothing on stderr", got }];
}

/** Numbered lines come once and in order; of a request that was answered, all of them. */
export function linesOnce({ logs, requests }: Pick<Observation, "logs" | "requests">): Violation[] {
  const numbers = new Map<string, number[]>();
  const totals = new Map<string, number>();
  for (const { msg } of logs.flatMap(recordsOf)) {
    const [, name = "", number, total] = NUMBERED.exec(msg) ?? [];
    if (name === "") continue;
    numbers.set(name, [...(numbers.get(name) ?? []), Number(number)]);
    totals.set(name, Number(total));
  }
  const violations: Violation[] = [];
  for (const { n, kind, outcome } of requests) {
    if (kind !== "say" && kind !== "burst") continue;
    const seen = numbers.get(n) ?? [];
    const isPrefix = seen.every((number, at) => number === at + 1);
    const isWholeSet = seen.length > 0 && seen.length === totals.get(n);
    if (isPrefix && (isWholeSet || outcome !== 200)) continue;
    violations.push({
      invariant: "no log line is lost, doubled or out of order",
      expected: `lines 1 to ${totals.get(n) ?? "the last"} of request ${n}`,
      got: seen.length > 50 ? `${seen.length} lines` : `lines ${seen.join(", ")}`,
    });
  }
  return violations;
}
