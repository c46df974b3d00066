// The verbs: `docker exec C djinit VERB`.
import { asDjinitError } from "../base/errors.ts";
import { readArguments, type Syntax } from "./arguments.ts";
import { config, configUsage } from "./verbs/config.ts";
import { health, healthUsage } from "./verbs/health.ts";
import { help } from "./verbs/help.ts";
import { logs, logsUsage } from "./verbs/logs.ts";
import { reload, reloadUsage } from "./verbs/reload.ts";
import { restart, restartUsage } from "./verbs/restart.ts";
import { scale, scaleUsage } from "./verbs/scale.ts";
import { start, startUsage } from "./verbs/start.ts";
import { status, statusUsage } from "./verbs/status.ts";
import { stop, stopUsage } from "./verbs/stop.ts";
import { version, versionUsage } from "./verbs/version.ts";

interface Verb {
  usage: string;
  about: string;
  run: (args: readonly string[]) => number | Promise<number>;
}

const VERBS: Record<string, Verb> = {
  status: { usage: statusUsage, about: "the services: state, PID, CPU, memory, last exit", run: status },
  health: { usage: healthUsage, about: "exit status 0 when ready; --live: when alive", run: health },
  restart: {
    usage: restartUsage,
    about: "stop it as the container's stop would, start it anew",
    run: restart,
  },
  reload: { usage: reloadUsage, about: "new code and files for every service, as SIGHUP does", run: reload },
  stop: { usage: stopUsage, about: "stop it; it stays so until `start` or `restart`", run: stop },
  start: { usage: startUsage, about: "start what is stopped", run: start },
  scale: { usage: scaleUsage, about: "more or fewer workers, until gunicorn is restarted", run: scale },
  logs: { usage: logsUsage, about: "the last records, and with -f those that follow", run: logs },
  config: { usage: configUsage, about: "every variable, its value, where it comes from", run: config },
  version: { usage: versionUsage, about: "the version", run: version },
  help: {
    usage: "help",
    about: "this text",
    run: () => help(Object.values(VERBS).map(({ usage, about }) => [usage, about])),
  },
};

/** Those that the boot has: what they take. */
const BOOT_VERBS: Record<string, Syntax> = {
  manifest: { usage: "manifest" },
  migrations: { usage: "migrations [--json]", flags: { json: "" } },
};

/** Whether a verb of the boot may run with these words. If not its exit status is set, and all has been said. */
export function acceptsBootVerb(verb: string, args: readonly string[]): boolean {
  try {
    if (!args.includes("--help")) return readArguments(args, BOOT_VERBS[verb] as Syntax) !== undefined;
    process.exitCode = VERBS["help"]?.run([]) as number;
  } catch (thrown) {
    fail(thrown);
  }
  return false;
}

/** Runs one verb and ends the process with its exit status. */
export async function runVerb(verb: string, args: readonly string[]): Promise<void> {
  try {
    process.exitCode = args.includes("--help")
      ? (VERBS["help"]?.run([]) as number)
      : await VERBS[verb]?.run(args);
  } catch (thrown) {
    fail(thrown);
  }
}

function fail(thrown: unknown): void {
  const error = asDjinitError(thrown);
  // For a person, who may have been woken by it.
  console.error(`djinit: ${error.message} [${error.code}]\n${error.hint}`);
  process.exitCode = error.endStatus;
}
