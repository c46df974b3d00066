import type { Fields } from "./record.ts";

/** Lines that an error report quotes. */
const LAST_LINES = 20;
/** Of a traceback: the exception, and where it was raised. */
const STACK_LINES = 3;

/** What a process said last, for the error that tells of its end. */
export class LastLines {
  readonly lines: string[] = [];

  add({ msg, error }: Fields): void {
    // Where the line was JSON `error` is the application's own and may be anything.
    const stack = (error as { stack?: unknown } | null | undefined)?.stack;
    this.lines.push(msg, ...(typeof stack === "string" ? stack.split("\n").slice(-STACK_LINES) : []));
    this.lines.splice(0, this.lines.length - LAST_LINES);
  }
}
