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
  for (let pair = 0; pair < pairs; pair += 1) {
    const { a: ofA, b: ofB } = await measureRound(pair, { a, b });
    samples.a.push(ofA);
    samples.b.push(ofB);
    say(`${what}: pair ${pair + 1} of ${pairs}`);
  }
  return samples;
}

/** One measurement of each, one after the other; every second round backwards. Errors: those of a measurement. */
export async function measureRound<Name extends string, Sample>(
  round: number,
  measure: Record<Name, () => Promise<Sample>>,
): Promise<Record<Name, Sample>> {
  const names = Object.keys(measure) as Name[];
  const samples: Partial<Record<Name, Sample>> = {};
  for (const name of round % 2 === 0 ? names : names.toReversed()) {
    await delay(REST_MS);
    samples[name] = await measure[name]();
  }
  return samples as Record<Name, Sample>;
}
