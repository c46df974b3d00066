import { constants } from "node:os";

/** The container's exit statuses, documented in docs/exit-statuses.md. From sysexits(3) if one of them fits. */
export const EXIT_STATUS = {
  ok: 0,
  databaseUnavailable: 69,
  internalError: 70,
  systemFailed: 71,
  badConfiguration: 78,
  migrationFailed: 80,
  superuserFailed: 81,
  collectstaticFailed: 82,
  schemaBehind: 83,
  hookFailed: 84,
  releaseFailed: 85,
  gracePeriodExceeded: 137,
} as const;

/** Exit status of a process as a shell reports it: its code, or 128+n when signal n ended it. */
export function exitStatusOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return signal === null ? EXIT_STATUS.internalError : 128 + constants.signals[signal];
}

/** The same for the raw status of waitpid(2). */
export function exitStatusOfWait(status: number): number {
  const signal = status & 0x7f;
  return signal === 0 ? (status >> 8) & 0xff : 128 + signal;
}
