// argv → boot, supervise, or a verb.
import { writeSync } from "node:fs";
import { asDjinitError } from "./base/errors.ts";
import { holdSignals, letSignalsIn, makeThreadsWithoutSignals } from "./platform/early-signals.ts";

/** What is answered anywhere. */
const VERBS = new Set(["config", "health", "help", "status", "version"]);
/** Those that need the libraries of the boot. */
const BOOT_VERBS = new Set(["manifest", "migrations"]);
/** What PID 1 is asked to do. As a container's CMD these words are a command of the user's own. */
const CONTROL_VERBS = new Set(["logs", "reload", "restart", "scale", "start", "stop"]);

async function main([word, ...rest]: string[]): Promise<void> {
  if (word !== undefined && isVerb(word, rest)) {
    letSignalsIn();
    const { runVerb } = await import("./admin/admin.ts");
    return runVerb(word, rest);
  }
  if (word !== undefined && BOOT_VERBS.has(word) && rest.every((option) => option.startsWith("-"))) {
    letSignalsIn();
    const { runBootVerb } = await import("./boot/verbs.ts");
    return runBootVerb(word, rest);
  }
  const supervises = word === "supervise" && rest.length === 1 && /^\d+$/.test(rest[0] as string);
  if (!supervises) makeThreadsWithoutSignals();
  // Before the rest is loaded: what comes meanwhile must not be lost.
  const pendingSignals = holdSignals();
  if (supervises) {
    const { supervise } = await import("./supervise/supervise.ts");
    const { openAdmin } = await import("./admin/open-admin.ts");
    return supervise({ handedFd: Number(rest[0]), pendingSignals, openAdmin });
  }
  const { begin } = await import("./boot/begin.ts");
  const begun = begin(process.argv.slice(2));
  const { boot } = await import("./boot/boot.ts");
  return boot(begun, pendingSignals);
}

function isVerb(word: string, rest: readonly string[]): boolean {
  if (process.pid !== 1 && CONTROL_VERBS.has(word)) return true;
  return VERBS.has(word) && (process.pid !== 1 || rest.every((option) => option.startsWith("-")));
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
