// nginx waits for an answer as long as gunicorn lets a request take: gunicorn alone knows, and says so in a file.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readUntrusted } from "../../base/untrusted-file.ts";
import type { ServicePlan } from "../../plan/plan.ts";

/** nginx's own. */
const LEAST_SECONDS = 60;
/** gunicorn is to be the one that ends what takes too long, and looks once a second. */
const LONGER_BY_SECONDS = 5;
/** For a --timeout of 0, which is none. */
const LONGEST_SECONDS = 86_400;
/** A longer file is not gunicorn's. */
const MOST_BYTES = 16;

/** Writes what nginx includes. What cannot be read or written leaves nginx's limits as they are. */
export function writeNginxWaits({ timeoutFile, nginxFile }: NonNullable<ServicePlan["waits"]>): void {
  const seconds = nginxSeconds(readTimeout(timeoutFile));
  const text = `proxy_read_timeout ${seconds}s;\nproxy_send_timeout ${seconds}s;\n`;
  // A name that nginx does not include: half a file, where /run is full, would keep nginx from starting.
  const draft = `${nginxFile}.new`;
  try {
    if (readOwn(nginxFile) === text) return;
    writeFileSync(draft, text, { mode: 0o644 });
    renameSync(draft, nginxFile);
  } catch {
    rmSync(draft, { force: true, recursive: true });
  }
}

export function nginxSeconds(timeout: number | undefined): number {
  if (timeout === undefined) return LEAST_SECONDS;
  if (timeout === 0) return LONGEST_SECONDS;
  return Math.min(LONGEST_SECONDS, Math.max(LEAST_SECONDS, timeout + LONGER_BY_SECONDS));
}

/** The application's user may put anything there. Undefined where it is no number. */
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
