// The WebSockets that gunicorn's workers have open. python/gunicorn/djinit_websocket_count.py writes a file for each worker.
import { join } from "node:path";
import { readUntrusted } from "../base/untrusted-file.ts";
import { WEBSOCKETS_SUFFIX } from "../plan/paths.ts";
import { type Family, single } from "./family.ts";

/** Two numbers and a line break. */
const MOST_BYTES = 64;
/** An application that writes a larger one has written it itself. */
const MOST_WEBSOCKETS = 1e9;

export interface OpenWebsockets {
  count: number;
  /** On the clock of the system's start. */
  oldestSeconds: number | undefined;
}

/** What the workers tell. Undefined if none of them has ever had a WebSocket. */
export function readWebsockets(directory: string, workers: readonly number[]): OpenWebsockets | undefined {
  const reports = workers.flatMap((pid) => {
    const report = readReport(join(directory, `${pid}${WEBSOCKETS_SUFFIX}`));
    return report === undefined ? [] : [report];
  });
  if (reports.length === 0) return undefined;
  const open = reports.filter(({ count }) => count > 0);
  return {
    count: open.reduce((sum, { count }) => sum + count, 0),
    oldestSeconds: open.length === 0 ? undefined : Math.min(...open.map(({ oldest }) => oldest)),
  };
}

function readReport(path: string): { count: number; oldest: number } | undefined {
  let text: string;
  try {
    text = readUntrusted(path, { mostBytes: MOST_BYTES }).toString("latin1");
  } catch {
    // A worker that has had none, or no file.
    return undefined;
  }
  const [, count, oldest] = /^ *(\d{1,10}) +(\d{1,16}\.\d{3})\n$/.exec(text) ?? [];
  if (count === undefined || Number(count) > MOST_WEBSOCKETS) return undefined;
  return { count: Number(count), oldest: Number(oldest) };
}

/** Empty where no worker tells anything. */
export function collectWebsockets(open: OpenWebsockets | undefined, nowSeconds: number): Family[] {
  if (open === undefined) return [];
  const { count, oldestSeconds } = open;
  const age = oldestSeconds === undefined ? 0 : Math.max(0, nowSeconds - oldestSeconds);
  return [...single("gunicorn_websockets", count), ...single("gunicorn_websocket_oldest_age_seconds", age)];
}
