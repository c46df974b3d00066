// argv → boot, supervise, or a verb.
import { writeSync } from "node:fs";
import { asDjinitError } from "./base/errors.ts";
import { LARGE_NURSERY } from "./base/node-options.ts";
import { takeContainer } from "./boot/first-djinit.ts";
import { isVerbName, VERB_NAMES, VERB_OF_OPTION, type VerbName } from "./cli/verb-names.ts";
import { isRelease } from "./plan/role.ts";
import { withoutOldWords } from "./plan/words/old-words.ts";
import { holdSignals, letSignalsIn, makeThreadsWithoutSignals } from "./platform/early-signals.ts";

async function main([word = "", ...rest]: string[]): Promise<void> {
  if (isVerbName(word) && isVerb(word, rest)) return runVerb(word, rest);
  const supervises =
    word === "supervise" && rest.length === 1 && /^\d+$/.test(rest[0] as string) && !isFirstLife();
  if (!supervises) makeThreadsWithoutSignals();
  // Before the rest is loaded: what comes meanwhile must not be lost.
  const pendingSignals = holdSignals();
  if (supervises) {
    const { supervise } = await import("./supervise/supervise.ts");
    const { openAdmin } = await import("./http/open-admin.ts");
    return supervise({ handedFd: Number(rest[0]), pendingSignals, openAdmin });
  }
  const place = takeContainer();
  const given = process.argv.slice(2);
  const { argv } = withoutOldWords(given);
  const asked = VERB_OF_OPTION.get(word);
  if (!place.isFirst && asked !== undefined) return runVerb(asked, []);
  if (!place.isFirst && !isRelease(argv)) {
    const { runBeside } = await import("./boot/beside.ts");
    return runBeside(argv);
  }
  const { boot } = await import("./boot/boot.ts");
  return boot(given, place, pendingSignals);
}

/** Nobody but the first life may begin the second: a plan is a file that says what is run. */
function isFirstLife(): boolean {
  return process.execArgv.includes(LARGE_NURSERY);
}

function isVerb(name: VerbName, rest: readonly string[]): boolean {
  const onlyOptions = rest.every((option) => option.startsWith("-"));
  if (onlyOptions && VERB_NAMES[name] === "verb") return true;
  return !isCmd();
}

/** Whether argv is the image's CMD: this is PID 1, or an init of the engine's has started it. */
function isCmd(): boolean {
  return process.pid === 1 || (process.ppid === 1 && takeContainer().isFirst);
}

async function runVerb(name: VerbName, rest: readonly string[]): Promise<void> {
  letSignalsIn();
  const { runVerb } = await import("./cli/cli.ts");
  return runVerb(name, rest);
}

/** What nobody foresaw, in either life, before there is a log or a supervisor to stop. */
function giveUp(thrown: unknown): never {
  const { code, endStatus, hint, message, fields } = asDjinitError(thrown);
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
  writeSync(1, `${JSON.stringify({ ...record, exit_status: endStatus })}\n`);
  process.exit(endStatus);
}

process.on("uncaughtException", giveUp);
main(process.argv.slice(2)).catch(giveUp);
