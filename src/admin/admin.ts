// The verbs: `docker exec C djinit VERB`.

import { asDjinitError } from "../base/errors.ts";
import { VERSION } from "../base/version.ts";
import { logError, openSmallLog } from "../logs/own-log.ts";
import { openSink } from "../logs/sink.ts";
import { config } from "./verb-config.ts";
import { health } from "./verb-health.ts";
import { help } from "./verb-help.ts";
import { status } from "./verb-status.ts";

const VERBS: Record<string, (options: readonly string[]) => number | Promise<number>> = {
  config,
  health,
  help,
  status,
  version: () => {
    console.log(VERSION);
    return 0;
  },
};

/** Runs one verb and ends the process with its exit status. */
export async function runVerb(verb: string, options: readonly string[]): Promise<void> {
  try {
    process.exitCode = await VERBS[verb]?.(options);
  } catch (thrown) {
    logError(openSmallLog(openSink(2, "blocking")), thrown);
    process.exitCode = asDjinitError(thrown).exitStatus;
  }
}
