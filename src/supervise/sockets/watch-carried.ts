// A draining server waits for its WebSockets for ever. The application has to close them, but would be told to end only
// after the server.
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { Service } from "../service.ts";
import { Carried, type Look, lookBetween } from "./carried.ts";

/** Not more often: reading the kernel's tables takes up to 10 ms. */
const PERIOD_MS = 250;

export interface WatchOptions {
  clock: Clock;
  log: OwnLog;
  /** Tells the application to end. False if it has to go on, because only the server in front is being stopped. */
  tell: (back: Service) => boolean;
}

/** Watches while `front` drains and `back` runs. */
export function watchCarried(front: Service, back: Service, { clock, log, tell }: WatchOptions): void {
  const carried = new Carried(clock.monotonicMs());
  const { pid } = front;
  let renewed = false;
  const says = (look: Look | undefined, what: string): void =>
    log.info(
      { target: back.name, connections: look?.inHand.length },
      `${front.name} waits for connections that stay open: ${back.name} ${what}`,
    );
  const step = (): void => {
    if (front.state.name !== "stopping" || front.pid !== pid || !back.ready) return;
    const look = lookBetween(front.plan, back.plan);
    const verdict = carried.see(look, clock.monotonicMs());
    if (verdict === "tell" && tell(back)) return says(look, "is told to end them");
    // If it may not be told to end, it gets new workers.
    if (verdict !== "wait" && !renewed && renew(back)) {
      renewed = true;
      says(look, "gets new workers, and its old ones end them");
    }
    clock.after(PERIOD_MS, step);
  };
  step();
}

/** Starts new workers, while the old ones end their connections. */
function renew(back: Service): boolean {
  const { reload } = back.plan;
  if (reload === undefined || reload === "restart" || !back.takes(reload)) return false;
  back.signal(reload);
  return true;
}

/** The same where another container has the application, which nobody here can tell to end them: clients connect again. */
export function watchAlone(front: Service, { clock, log }: Pick<WatchOptions, "clock" | "log">): void {
  const { behind, fastStopSignal } = front.plan;
  if (behind === undefined) return;
  const carried = new Carried(clock.monotonicMs());
  const { pid } = front;
  const step = (): void => {
    if (front.state.name !== "stopping" || front.pid !== pid) return;
    const look = lookBetween(front.plan, { readiness: behind });
    if (carried.see(look, clock.monotonicMs()) === "tell") {
      const connections = look?.inHand.length;
      log.info({ target: front.name, connections }, `${front.name} ends the connections that stay open`);
      return front.signal(fastStopSignal);
    }
    clock.after(PERIOD_MS, step);
  };
  step();
}
