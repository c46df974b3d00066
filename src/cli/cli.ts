// The verbs: `docker exec C djinit VERB`.
import { asDjinitError } from "../base/errors.ts";
import { readArguments } from "./arguments.ts";
import type { VerbName } from "./verb-names.ts";
import { help } from "./verbs/help.ts";
import { VERBS } from "./verbs.ts";

/** Runs one verb and ends the process with its exit status. */
export async function runVerb(name: VerbName, args: readonly string[]): Promise<void> {
  try {
    process.exitCode = args.includes("--help") ? help(VERBS) : await dispatch(name, args);
  } catch (thrown) {
    const error = asDjinitError(thrown);
    // For a person, not for a log.
    console.error(`djinit: ${error.message} [${error.code}]\n${error.hint}`);
    process.exitCode = error.endStatus;
  }
}

function dispatch(name: VerbName, args: readonly string[]): number | Promise<number> {
  const verb = VERBS.find((it) => it.name === name);
  if (verb === undefined) throw new Error(`no verb is called ${name}`);
  return verb.run(readArguments(args, verb), verb.usage);
}
