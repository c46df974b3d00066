// How long the boot takes and what it finds, for the metrics: read from what it says of itself, so that no step has to
// know of them.
import type { OwnLog } from "../logs/write/own-log.ts";
import type { BootFacts } from "../plan/plan.ts";

/** A log that passes everything on, and the facts that have been said so far. */
export function gatherFacts(log: OwnLog): { log: OwnLog; facts: BootFacts } {
  const facts: BootFacts = { stepSeconds: {} };
  const info: OwnLog["info"] = (fields, msg) => {
    note(facts, fields);
    log.info(fields, msg);
  };
  return {
    facts,
    log: {
      info,
      debug: (fields, msg) => log.debug(fields, msg),
      warn: (fields, msg) => log.warn(fields, msg),
      error: (fields, msg) => log.error(fields, msg),
    },
  };
}

function note(
  facts: BootFacts,
  { step, seconds, after_ms, service, migration, applied }: Record<string, unknown>,
): void {
  if (typeof step === "string" && typeof seconds === "number") facts.stepSeconds[step] = seconds;
  if (typeof step === "string" && typeof after_ms === "number") facts.stepSeconds[step] = after_ms / 1000;
  const migrates = step === "migrate" && (typeof seconds === "number" || typeof applied === "number");
  const appliesOne = service === "migrate" && typeof migration === "string" && typeof seconds === "number";
  // A boot that goes on to the services has left none.
  if (migrates || appliesOne) facts.migrations ??= { applied: 0, pending: 0 };
  if (appliesOne && facts.migrations !== undefined) facts.migrations.applied += 1;
}
