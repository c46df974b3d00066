import { setTimeout as delay } from "node:timers/promises";
import { say } from "../../tools/engine/say.ts";

/** Time for what the last container has left to be done, such as the engine's own cleaning up. */
const REST_MS = 200;

/**
 * Runs both measurements `pairs` times in turn: A B, B A, A B, … so that neither always goes first. One sample of each
 * a pair. Errors: those of a measurement.
 */
export async function measureInTurn<Sample>(
  what: string,
  pairs: number,
  a: () => Promise<Sample>,
  b: () => Promise<Sample>,
): Promise<{ a: Sample[]; b: Sample[] }> {
  const samples = { a: [] as Sample[], b: [] as Sample[] };
  const measure = { a: async () => samples.a.push(await a()), b: async () => samples.b.push(await b()) };
  for (let pair = 0; pair < pairs; pair += 1) {
    for (const which of pair % 2 === 0 ? (["a", "b"] as const) : (["b", "a"] as const)) {
      await delay(REST_MS);
      await measure[which]();
    }
    say(`${what}: pair ${pair + 1} of ${pairs}`);
  }
  return samples;
}
