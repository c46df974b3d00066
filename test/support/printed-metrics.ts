import { formatFamilies } from "../../src/metrics/exposition.ts";
import type { Family } from "../../src/metrics/family.ts";

/** The samples as a scraper reads them: name and labels as they are printed, and the value. */
export async function printed(families: readonly Family[], accept = ""): Promise<Map<string, number>> {
  const { text } = await formatFamilies(families, accept);
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    const match = /^([^#\s].*) (\S+)$/.exec(line);
    if (match !== null) samples.set(match[1] as string, Number(match[2]));
  }
  return samples;
}
