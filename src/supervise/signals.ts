// What each signal to PID 1 means.
import type { Supervisor } from "./supervisor.ts";

const FORWARDED = ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU", "SIGWINCH"] as const;

/**
 * Takes over all signals. `pending` are those that came before there was a supervisor.
 * With a terminal, Ctrl-C and Ctrl-\ reach the command itself through its process group, as does SIGWINCH.
 */
export function takeSignals(supervisor: Supervisor, pending: readonly NodeJS.Signals[]): void {
  const sharesTerminal =
    supervisor.plan.services.some(({ output }) => output === "inherit") && process.stdin.isTTY;
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
    process.removeAllListeners(signal).on(signal, handle);
  }
  for (const signal of pending) handle(signal);
}
