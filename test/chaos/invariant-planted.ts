import { FORGED } from "./fault-planted.ts";
import type { Observation, Violation } from "./observation.ts";

/** What it may be asked to read at most, and what it makes of that, many times over. */
const LARGEST_GROWTH_BYTES = 32 * 1024 * 1024;

/** Whatever the application puts in its way, PID 1 answers, tells the truth and stays small. */
export function answersInSpiteOfPlants({ fault }: Pick<Observation, "fault">): Violation[] {
  if (fault.plants === undefined) return [];
  const { planted, answers, grewBytes } = fault.plants;
  const invariant = "PID 1 answers whatever lies in its way";
  const around = planted.join(", ");
  // A report that says so itself is believed: then this service does not live.
  const isForged = planted.some((it) => it.startsWith(FORGED));
  const violations: Violation[] = answers.flatMap(({ question, answer }) => {
    const isProbe = /^\/(livez|readyz)/.test(question);
    const good = isProbe && isForged ? ["200", "503"] : question.startsWith("/") ? ["200"] : ["answered"];
    if (good.includes(answer)) return [];
    const expected = `${good.join(" or ")} for ${question} with ${around}`;
    return [{ invariant, expected, got: answer }];
  });
  if (grewBytes === undefined)
    violations.push({ invariant, expected: `PID 1 lives on with ${around}`, got: "it is gone" });
  else if (grewBytes > LARGEST_GROWTH_BYTES) {
    const got = `${Math.round(grewBytes / 1024 / 1024)} MB`;
    violations.push({ invariant, expected: `PID 1 grows by at most 32 MB with ${around}`, got });
  }
  return violations;
}
