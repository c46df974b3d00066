import type { Fields } from "../record.ts";

/** Lines that an error report quotes. */
const LAST_LINES = 20;
/** Of a traceback: the exception, and where it was raised. */
const STACK_LINES = 3;

/** The last lines of a process, for the error that reports its end. */
export class LastLines {
  readonly lines: string[] = [];

  add({ msg, error }: Fields): void {
    // A JSON line's `error` is the application's own and may be anything.
    const { stack, type, message } = (error ?? {}) as { stack?: unknown; type?: unknown; message?: unknown };
    const end = typeof stack === "string" ? endOf(stack, STACK_LINES) : [];
    this.lines.push(...endOf(msg, LAST_LINES));
    // After a long message, the line that names the exception would be too far up.
    if (typeof type === "string" && typeof message === "string" && !end.some((line) => line.startsWith(type)))
      this.lines.push(`${type}: ${message.split("\n")[0]}`);
    this.lines.push(...end);
    this.lines.splice(0, this.lines.length - LAST_LINES);
  }
}

/** The last lines of a text. It may have a hundred thousand: more than a call can have arguments, and a split is slow. */
function endOf(text: string, most: number): string[] {
  let from = text.length;
  for (let found = 0; found < most && from >= 0; found += 1)
    from = from === 0 ? -1 : text.lastIndexOf("\n", from - 1);
  return text.slice(from + 1).split("\n");
}
