// nginx waits for an answer for as long as gunicorn lets a request take. gunicorn writes that time into a file.
import { readFileSync, renameSync, rmSync } from "node:fs";
import { readUntrusted } from "../../base/untrusted-file.ts";
import type { ServicePlan } from "../../plan/plan.ts";
import { writeNewFile } from "../../platform/new-file.ts";

/** nginx's own default. */
const LEAST_SECONDS = 60;
/** gunicorn checks once a second, and must be the one that ends a request that takes too long. */
const LONGER_BY_SECONDS = 5;
/** Stands for gunicorn's --timeout of 0, which means no limit. */
const LONGEST_SECONDS = 86_400;
/** A longer file was not written by gunicorn. */
const MOST_BYTES = 16;

/** Writes the file that nginx includes. If it cannot be read or written, nginx's limits stay as they are. */
export function writeNginxWaits({
  timeoutFile,
  nginxFile,
  seconds: wanted,
}: NonNullable<ServicePlan["waits"]>): void {
  const seconds = nginxSeconds(readTimeout(timeoutFile), wanted);
  const text = `proxy_read_timeout ${seconds}s;\nproxy_send_timeout ${seconds}s;\n`;
  // Under a name that nginx does not include: with a full /run, half a file would keep nginx from starting.
  const draft = `${nginxFile}.new`;
  try {
    if (readOwn(nginxFile) === text) return;
    writeNewFile(draft, text, { mode: 0o644 });
    renameSync(draft, nginxFile);
  } catch {
    rmSync(draft, { force: true, recursive: true });
  }
}

/** `wanted`: somebody has said how long a request may take, so it may be shorter than nginx has it by itself. */
export function nginxSeconds(timeout: number | undefined, wanted?: number): number {
  if (timeout === undefined) return wanted ?? LEAST_SECONDS;
  if (timeout === 0) return LONGEST_SECONDS;
  const least = wanted === undefined ? LEAST_SECONDS : 0;
  return Math.min(LONGEST_SECONDS, Math.max(least, timeout + LONGER_BY_SECONDS));
}

/** Undefined unless it is a number: the application's user can write anything there. */
function readTimeout(path: string): number | undefined {
  try {
    const text = readUntrusted(path, { mostBytes: MOST_BYTES }).toString("latin1");
    return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** Only PID 1 writes there. */
function readOwn(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
