// What each signal to PID 1 means.
import { isatty } from "node:tty";
import { unblockSignals } from "../platform/libc.ts";
import type { Supervisor } from "./supervisor.ts";

const FORWARDED = ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH"] as const;

/**
 * Takes over all signals. `pending` are the signals that came before there was a supervisor.
 * On a terminal, Ctrl-C, Ctrl-\ and SIGWINCH reach the command directly, through its process group.
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
    // Not earlier: PID 1 loses a signal that nobody listens to.
    for (const listener of earlier) process.off(signal, listener);
  }
  // Node blocks USR1 itself, and with --disable-sigusr1 never unblocks it.
  unblockSignals(["SIGUSR1"]);
  for (const signal of pending) handle(signal);
}
