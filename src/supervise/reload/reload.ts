// Gives running services new code and files. New code is checked while the old process goes on serving.
import { isDeepStrictEqual } from "node:util";
import { DjinitError } from "../../base/errors.ts";
import { planAfterCheck } from "../../plan/nginx.ts";
import { RUN_DIRECTORY } from "../../plan/paths.ts";
import { namedAsUsual } from "../../plan/run-directory.ts";
import { findCause } from "../failure-cause.ts";
import { writeNginxWaits } from "../process/nginx-waits.ts";
import { mirrorConfiguration } from "../process/prepare-files.ts";
import { runQuietly } from "../process/run-quietly.ts";
import type { Service, ServiceDependencies } from "../service.ts";
import { CheckOutput } from "./check-output.ts";

/** Importing an application takes seconds at worst. After this time, the old process is kept. */
const CHECK_TIMEOUT_MS = 60_000;

interface Verdict {
  good: boolean;
  /** Why it is not. */
  cause: string;
  lines: string[];
  /** nginx's files, as its check has shown them. */
  shown: string;
}

/**
 * Reloads one service with `environment`. If the service has a check and it fails, the reload is refused: returns why.
 * `wanted` is asked after the check, since a stop may have begun meanwhile.
 */
export async function reloadService(
  service: Service,
  environment: NodeJS.ProcessEnv,
  dependencies: ServiceDependencies,
  wanted: () => boolean,
): Promise<DjinitError | undefined> {
  const { log } = dependencies;
  const { plan, name } = service;
  const isNewEnvironment = plan.readsEnvironment && !isDeepStrictEqual(environment, service.environment);
  if (plan.reload === undefined) return undefined;
  if (plan.check === undefined || service.pid === undefined) service.renew(plan, environment);
  else {
    const { good, cause, lines, shown } = await runCheck(service, plan.check, environment, dependencies);
    if (!wanted()) return undefined;
    if (!good) {
      const text = `cannot reload ${name}: ${cause}; the old one goes on`;
      return new DjinitError("DJINIT_RELOAD_REFUSED", text, { fields: { target: name, lines } });
    }
    service.renew(planAfterCheck(plan, shown), environment);
  }
  // The service has ended meanwhile. After a stop it stays stopped, and a restart uses the new environment anyway.
  if (service.pid === undefined) return undefined;
  // As late as possible: gunicorn is reading its new configuration.
  if (plan.waits !== undefined) writeNginxWaits(plan.waits);
  const isOutgrown = await service.isOutgrown();
  // As above.
  if (service.pid === undefined || !wanted()) return undefined;
  const why = isNewEnvironment
    ? ": its environment has changed"
    : isOutgrown
      ? ": it is confined, and could not reach what its files name now"
      : "";
  log.info({ target: name }, `reloading ${name}${why}`);
  if (plan.reload === "restart" || isNewEnvironment || isOutgrown || !service.takes(plan.reload))
    service.handle({ type: "restart" });
  else service.signal(plan.reload);
  return undefined;
}

async function runCheck(
  { plan }: Service,
  argv: string[],
  environment: NodeJS.ProcessEnv,
  { clock, reaper }: ServiceDependencies,
): Promise<Verdict> {
  const output = new CheckOutput(argv);
  /** nginx prints first what is wrong, and then that the test has failed. */
  let fatal: string | undefined;
  try {
    if (plan.mirror !== undefined) mirrorConfiguration(plan.mirror);
    const { status, late, lines } = await runQuietly({
      plan,
      argv,
      environment,
      timeoutMs: CHECK_TIMEOUT_MS,
      clock,
      reaper,
      rename: (msg) => namedAsUsual(msg, plan.mirror?.run ?? RUN_DIRECTORY),
      onRecord: ({ level, msg }) => {
        if (level === "fatal") fatal ??= msg;
      },
      // Records would not do: their text is not quite what nginx has shown.
      onLine: (line) => output.line(line),
    });
    const { isTooLong, shown } = output;
    const isCutShort = status === 0 && output.isCutShort;
    const cause = late
      ? `its check took longer than ${CHECK_TIMEOUT_MS / 1000} s`
      : isTooLong
        ? "nginx has shown more than 16 MiB of files"
        : isCutShort
          ? "its check ended with status 0 before it was done: does the application end the process?"
          : (findCause(lines) ?? fatal ?? lines.at(-1) ?? `its check ended with status ${status}`);
    return { good: status === 0 && !isTooLong && !isCutShort, cause, lines, shown };
  } catch (error) {
    return { good: false, cause: `cannot run its check: ${(error as Error).message}`, lines: [], shown: "" };
  }
}
