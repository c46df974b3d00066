// What each signal to PID 1 means.
import { isatty } from "node:tty";
import { unblockSignals } from "../platform/libc.ts";
import type { Supervisor } from "./supervisor.ts";

const FORWARDED = ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH"] as const;

/**
 * Takes over all signals. `pending` are those that came before there was a supervisor.
 * With a terminal, Ctrl-C and Ctrl-\ reach the command itself through its process group, as does SIGWINCH.
 */
export function takeSignals(supervisor: Supervisor, pending: readonly NodeJS.Signals[]): void {
  const sharesTerminal = supervisor.plan.services.some(({ output }) => output === "inherit") && isatty(0);
  const handle = (signal: NodeJS.Signals): void => {
    switch (signal) {
      case "SIGTERM":
        return supervisor.stop("SIGTERM");
      case "SIGINT":
        return sharesTerminal ? undefined : supervisor.stop("SIGINT");
      case "SIGQUIT":
        return sharesTerminal ? undefined : supervisor.fastStop("SIGQUIT");
      case "SIGHUP":
        return sharesTerminal ? supervisor.stop("SIGHUP") : supervisor.reload();
      case "SIGWINCH":
        return sharesTerminal ? undefined : supervisor.forward(signal);
      default:
        return supervisor.forward(signal);
    }
  };
  for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT", "SIGHUP", ...FORWARDED] as const) {
    const earlier = process.listeners(signal);
    process.on(signal, handle);
    // Not before: for PID 1 a signal that nobody listens to is lost.
    for (const listener of earlier) process.off(signal, listener);
  }
  // Node itself blocks it, and under --disable-sigusr1 never unblocks it.
  unblockSignals(["SIGUSR1"]);
  for (const signal of pending) handle(signal);
}
