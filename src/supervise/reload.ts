// New code and files for services that run. What is broken is found out beside the old one, which goes on serving.
import { once } from "node:events";
import { DjinitError } from "../base/errors.ts";
import { logError } from "../logs/own-log.ts";
import { findCause } from "./failure-cause.ts";
import type { Service, ServiceDependencies } from "./service.ts";
import { spawnService } from "./spawn.ts";

/** Importing an application takes seconds at worst; after this the old one is kept. */
const CHECK_TIMEOUT_MS = 60_000;

/** Reloads one service if its check, where it has one, succeeds; says so if not. */
export async function reloadService(service: Service, dependencies: ServiceDependencies): Promise<void> {
  const { log } = dependencies;
  const { plan, name } = service;
  if (plan.reload === undefined || service.pid === undefined) return;
  const lines: string[] = [];
  const status = plan.check === undefined ? 0 : await runCheck(service, plan.check, dependencies, lines);
  if (status !== 0) {
    const cause = findCause(lines) ?? lines.at(-1) ?? `its check ended with status ${status}`;
    const text = `cannot reload ${name}: ${cause}; the old one goes on`;
    logError(log, new DjinitError("DJINIT_RELOAD_REFUSED", text, { fields: { target: name, lines } }));
    return;
  }
  // It has ended meanwhile: a stop wants it to stay so, and a restart takes what is new anyway.
  if (service.pid === undefined) return;
  log.info({ target: name }, `reloading ${name}`);
  if (plan.reload !== "restart" && service.takes(plan.reload)) service.signal(plan.reload);
  else service.handle({ type: "restart" });
}

async function runCheck(
  { plan }: Service,
  argv: string[],
  { environment, sink, clock, reaper, log }: ServiceDependencies,
  lines: string[],
): Promise<number> {
  try {
    const { child, relayed } = spawnService({
      plan: { ...plan, argv },
      environment,
      sink,
      clock,
      onRecord: ({ msg, error }) => {
        const stack = (error as { stack?: unknown } | null | undefined)?.stack;
        lines.push(msg, ...(typeof stack === "string" ? stack.split("\n").slice(-3) : []));
      },
    });
    if (child.pid !== undefined) reaper.leaveToNode(child.pid);
    const cancel = clock.after(CHECK_TIMEOUT_MS, () => child.kill("SIGKILL"));
    const [code] = (await once(child, "exit")) as [number | null];
    cancel();
    if (child.pid !== undefined) reaper.forget(child.pid);
    await relayed;
    return code ?? 1;
  } catch (error) {
    log.error({ target: plan.name, cause: (error as Error).message }, `cannot check ${plan.name}`);
    return 1;
  }
}
