// A confined nginx does not reach a directory that has come, or has been replaced, since it was started: it is started anew.
import type { Clock } from "../../base/clock.ts";

/** An upload whose directory has just been made is served that much later. A look takes some 50 microseconds. */
const PERIOD_MS = 2_000;
/** Whoever replaces directories all the time gets nginx started anew seldom. */
const MOST_MS = 300_000;

interface Confined {
  ready: boolean;
  hasMoved: () => Promise<boolean>;
}

/** Where a file system does not answer the watch waits for it. Returns a function that ends the watch. */
export function watchServed<S extends Confined>(
  services: readonly S[],
  clock: Clock,
  renew: (service: S) => Promise<void>,
): () => void {
  let waitMs = PERIOD_MS;
  let cancel = () => {};
  let isOver = false;
  const look = async (): Promise<void> => {
    const moved: S[] = [];
    for (const service of services) if (service.ready && (await service.hasMoved())) moved.push(service);
    for (const service of moved) if (!isOver && service.ready) await renew(service);
    if (isOver) return;
    waitMs = moved.length === 0 ? Math.max(PERIOD_MS, waitMs / 2) : Math.min(MOST_MS, waitMs * 2);
    cancel = clock.after(waitMs, () => void look());
  };
  cancel = clock.after(PERIOD_MS, () => void look());
  return () => {
    isOver = true;
    cancel();
  };
}
