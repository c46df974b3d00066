// argv → boot, supervise, or a verb.
import { writeSync } from "node:fs";
import { asDjinitError } from "./base/errors.ts";
import { holdSignals, letSignalsIn, makeThreadsWithoutSignals } from "./platform/early-signals.ts";

const VERBS = new Set(["config", "health", "help", "status", "version"]);

async function main([word, ...rest]: string[]): Promise<void> {
  if (word !== undefined && VERBS.has(word) && rest.every((option) => option.startsWith("-"))) {
    letSignalsIn();
    const { runVerb } = await import("./admin/admin.ts");
    return runVerb(word, rest);
  }
  const supervises = word === "supervise" && rest.length === 1;
  if (!supervises) makeThreadsWithoutSignals();
  // Before the rest is loaded: what comes meanwhile must not be lost.
  const pendingSignals = holdSignals();
  if (supervises) {
    const { supervise } = await import("./supervise/supervise.ts");
    const { serveControl } = await import("./admin/control-server.ts");
    return supervise({ planFile: rest[0] as string, pendingSignals, serveControl });
  }
  const { boot } = await import("./boot/boot.ts");
  return boot({ words: process.argv.slice(2), pendingSignals });
}

/** What nobody foresaw, in either life, before there is a log or a supervisor to stop. */
function giveUp(thrown: unknown): never {
  const { code, exitStatus, hint, message, fields } = asDjinitError(thrown);
  const time = new Date().toISOString();
  const record = {
    time,
    level: "fatal",
    service: "djinit",
    pid: process.pid,
    msg: message,
    code,
    hint,
    ...fields,
  };
  writeSync(1, `${JSON.stringify({ ...record, exit_status: exitStatus })}\n`);
  process.exit(exitStatus);
}

process.on("uncaughtException", giveUp);
main(process.argv.slice(2)).catch(giveUp);
