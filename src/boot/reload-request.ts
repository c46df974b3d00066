// A reload that is asked for while the container boots. It is remembered: the second life does it.
import type { OwnLog } from "../logs/write/own-log.ts";
import type { Role } from "../plan/plan.ts";

export interface ReloadRequest {
  /** Returns one sentence that says what comes of it. */
  ask(): string;
  readonly asked: boolean;
}

/** HUP asks, `pendingSignals` included. */
export function rememberReload(
  role: Role,
  log: OwnLog,
  pendingSignals: readonly NodeJS.Signals[],
): ReloadRequest {
  let asked = false;
  const ask = (): string => {
    if (role === "release") return "reload ignored: a release has no services";
    asked = true;
    return "reload asked for while the container boots: follows the boot";
  };
  const onSignal = (): void => log.info({ signal: "SIGHUP" }, ask());
  process.on("SIGHUP", onSignal);
  if (pendingSignals.includes("SIGHUP")) onSignal();
  return {
    ask,
    get asked() {
      return asked;
    },
  };
}
