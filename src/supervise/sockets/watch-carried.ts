// A server that drains waits for its WebSockets for ever, and the application, which has to close them, would be told only
// when the server has gone.
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { Service } from "../service.ts";
import { Carried, type Look, lookBetween } from "./carried.ts";

/** Seldom: a look at the kernel's tables takes up to 10 ms. */
const PERIOD_MS = 250;

export interface WatchOptions {
  clock: Clock;
  log: OwnLog;
  /** Tells the application to end. False: it is to go on, since only the server in front is being stopped. */
  tell: (back: Service) => boolean;
}

/** Looks as long as `front` drains and `back` runs. */
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
    // Where it may not be told to end, new workers are what is left.
    if (verdict !== "wait" && !renewed && renew(back)) {
      renewed = true;
      says(look, "gets new workers, and its old ones end them");
    }
    clock.after(PERIOD_MS, step);
  };
  step();
}

/** New workers, while the old ones give up what they hold. */
function renew(back: Service): boolean {
  const { reload } = back.plan;
  if (reload === undefined || reload === "restart" || !back.takes(reload)) return false;
  back.signal(reload);
  return true;
}
