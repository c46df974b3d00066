import { setTimeout as delay } from "node:timers/promises";

export interface EventuallyOptions {
  /** For the error: «not in time: <what>». */
  what?: string;
  timeoutMs?: number;
  intervalMs?: number;
  /** Ends when it is time for the next attempt, in the place of `intervalMs`. */
  next?: () => Promise<void>;
  /** More for the error, such as a container's log. */
  attach?: () => Promise<string>;
}

/**
 * Calls `attempt` until it neither throws nor returns false, and gives what it returned. Errors: not within `timeoutMs`
 * (10 s); tells the last failure.
 */
export async function eventually<T>(
  attempt: () => Promise<T> | T,
  options: EventuallyOptions = {},
): Promise<T> {
  const { timeoutMs = 10_000, intervalMs = 50, what = "the condition" } = options;
  const deadlineMs = performance.now() + timeoutMs;
  let last: unknown;
  do {
    try {
      const value = await attempt();
      if (value !== false) return value;
      last = new Error("it was false");
    } catch (error) {
      last = error;
    }
    await (options.next?.() ?? delay(intervalMs));
  } while (performance.now() < deadlineMs);
  const cause = last instanceof Error ? last.message : String(last);
  const attached = options.attach === undefined ? "" : `\n${await options.attach().catch(String)}`;
  throw new Error(`not within ${timeoutMs} ms: ${what}: ${cause}${attached}`, { cause: last });
}
