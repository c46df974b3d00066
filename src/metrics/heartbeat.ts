// The reports of workers. python/site/djinit_report.py writes them.
import { readBeginning, readUntrusted } from "../base/untrusted-file.ts";
import { type Heartbeat, readReport } from "./heartbeat-shape.ts";

/** Attempts: a report may be read while it is being written. */
const ATTEMPTS = 3;
/** The most tasks that are counted, a hundred, make some 50 KB. */
const MOST_REPORT_BYTES = 1024 * 1024;
/** faulthandler writes at most 100 threads, with at most 100 frames each. */
const MOST_STACK_BYTES = 1024 * 1024;
/** In the answer of a probe. */
const LONGEST_FRAME = 500;

/** The last report, or undefined if there is none. */
export function readHeartbeat(path: string): Heartbeat | undefined {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    let text: string;
    try {
      text = readUntrusted(path, { mostBytes: MOST_REPORT_BYTES }).toString("utf8");
    } catch {
      // Not there, or not a file: another attempt would find the same.
      return undefined;
    }
    const report = readReport(text);
    if (report !== undefined) return report;
  }
  return undefined;
}

/** Now, on the clock of the reports. */
export function monotonicSeconds(): number {
  return Number(process.hrtime.bigint()) / 1e9;
}

/** Whether this beat sends. One without a lock always does. */
export function leads({ lock, leads_until = 0 }: Heartbeat, nowS: number): boolean {
  return lock === undefined || nowS < leads_until;
}

/** The frames of a stalled process's main thread, the innermost first. Empty if it has not stalled. */
export function readStalledFrames(path: string, thread: number): string[] {
  let text: string;
  try {
    text = readBeginning(`${path}.stack`, { mostBytes: MOST_STACK_BYTES }).toString("utf8");
  } catch {
    return [];
  }
  const sections = text
    .split(/^(?=(?:Current thread|Thread) 0x)/m)
    .filter((section) => /^\w+ .*0x/.test(section));
  const main = new RegExp(`^(?:Current thread|Thread) 0x0*${thread.toString(16)}\\b`);
  // gevent gives the main thread another name. It is the last section then.
  const section = sections.find((it) => main.test(it)) ?? sections.at(-1) ?? "";
  return section
    .split("\n")
    .map((line) => line.trim().slice(0, LONGEST_FRAME))
    .filter((line) => line.startsWith("File "));
}
