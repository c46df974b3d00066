// How the two halves of web find each other. The application comes first: nginx's boot waits for its word, and needs neither
// Python nor the database.
import { type Clock, pause, systemClock } from "../../base/clock.ts";
import { APPLICATION_FILE } from "../../plan/paths.ts";
import type { BootContext } from "../context.ts";
import { newClientKey } from "../nginx/clients.ts";
import { readTold, type Told } from "./told.ts";

const STEP = "wait-for-application";
/** A look takes microseconds. */
const LOOK_PERIOD_MS = 100;

export type Meeting = Pick<BootContext, "invocation" | "log" | "observer" | "signal">;

/**
 * The key by which the application recognises nginx: the other half's, or a new one. An nginx that is running keeps it, so the
 * application's next container does too. Errors: the signal's reason.
 */
export async function clientKey(context: Meeting): Promise<string> {
  const { half } = context.invocation;
  if (half === "application") return toldBefore()?.key ?? newClientKey();
  if (half !== "nginx") return newClientKey();
  const { key, site } = await waitForApplication(context);
  if (site !== undefined) context.observer.onSite(site);
  return key;
}

/** As long as it takes: what is wrong stands in the application's own log, and the probes say what is waited for. */
async function waitForApplication(
  { log, observer, signal }: Meeting,
  clock: Clock = systemClock,
): Promise<Told> {
  const startedMs = clock.monotonicMs();
  observer.onStepStarted(STEP);
  for (let isFirst = true; ; isFirst = false) {
    try {
      const told = readTold();
      observer.onStep({ step: STEP, seconds: (clock.monotonicMs() - startedMs) / 1_000 });
      return told;
    } catch (error) {
      const cause = (error as Error).message;
      observer.onWaiting(cause);
      if (isFirst) log.info({ path: APPLICATION_FILE, cause }, "waits for the container of the application");
    }
    await pause(clock, LOOK_PERIOD_MS, signal);
  }
}

function toldBefore(): Told | undefined {
  try {
    return readTold();
  } catch {
    return undefined;
  }
}
