// Everything that is known of a round that failed, as files.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "./verdict.ts";

/** Writes them under `directory` and gives the folder. */
export function saveDetails(directory: string, verdict: Verdict): string {
  const { round, violations, tookMs, stalledMs, loadPerProcessor, observation, logs } = verdict;
  const folder = join(directory, `seed-${round.seed}`);
  mkdirSync(folder, { recursive: true });
  const save = (name: string, content: unknown): void =>
    writeFileSync(
      join(folder, name),
      typeof content === "string" ? content : `${JSON.stringify(content, undefined, 2)}\n`,
    );
  save("round.json", { ...round, tookMs, stalledMs, loadPerProcessor });
  save("violations.json", violations);
  for (const { member, lines, half, stderr } of logs) {
    const text = [...lines.map((line) => line.text), half].join("\n");
    save(`${member}.stdout.ndjson`, text);
    save(`${member}.stderr.txt`, stderr);
  }
  if (observation === undefined) return folder;
  save("fault.json", { ...observation.fault, recoveredAfterMs: observation.recoveredAfterMs });
  save("processes.json", observation.samples);
  save("requests.json", observation.requests);
  save("ledger.txt", observation.ledger);
  return folder;
}
