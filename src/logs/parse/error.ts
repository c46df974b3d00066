// Type, message and stack of an exception: from a traceback's lines, or from the fields of a JSON line.

export interface ErrorFields {
  type?: string;
  message?: string;
  stack: string;
}

/** Where an exception outside a group begins: at the margin, or as a group of its own. */
const TOP_LEVEL =
  /^(?:( {2}\+ Exception Group )?Traceback \(most recent call last\):|\u256d\u2500+ Traceback \(most recent)/;
const GROUP_MARGIN = /^ {2}[|+] ?/;
/** «shop.views.pay.<locals>.NoFlour: the words». */
const EXCEPTION = /^([\w.]+(?:<locals>[\w.]+)*)(?:: (.*))?$/s;
/** loguru marks the frame in which the exception was caught; rich draws a box around all frames. */
const DRAWN_FRAME = /^(?:> File "|[\u2502\u2570])/;
/** logging writes it after an exception that it could not format. */
const CALL_STACK = "Call stack:";

/** Type and message of a traceback's exception. Of chained exceptions the last one counts. */
export function readTraceback(lines: readonly string[]): { type: string; message: string; stack: string } {
  const stack = lines.join("\n");
  const begin = lines.findLastIndex((line) => TOP_LEVEL.test(line));
  const isGroup = lines[begin]?.startsWith(" ");
  const rest = lines.slice(begin + 1).map((line) => (isGroup ? line.replace(GROUP_MARGIN, "") : line));
  const at = rest.findIndex((line) => /^[^\s]/.test(line) && !DRAWN_FRAME.test(line));
  const callStack = rest.indexOf(CALL_STACK, at);
  const end = callStack === -1 ? rest.length : callStack;
  const message = isGroup ? rest[at] : rest.slice(at, end).join("\n");
  const [, type = "Exception", text = ""] = EXCEPTION.exec(at === -1 ? "" : (message ?? "")) ?? [];
  return { type, message: text.trimEnd(), stack };
}

/** The message of a record that has nothing but an exception. */
export function summaryOf({ type = "", message = "", stack }: ErrorFields): string {
  if (message !== "" || type === "") return type === "" ? message : `${type}: ${message}`;
  // The exception before it in the chain may have a message.
  const lines = stack.split("\n");
  const chain = lines.findLastIndex((line) => /^(During handling of|The above exception was)/.test(line));
  const cause = chain === -1 ? undefined : readTraceback(lines.slice(0, chain));
  return cause === undefined || cause.message === ""
    ? type
    : `${type}, after ${cause.type}: ${cause.message}`;
}

const KEYS = ["exc_info", "exception", "exc_text", "traceback", "stack_trace", "stack_info"] as const;

/** The exception of a JSON line, under the names that Python's loggers use, and the field that held it. */
export function errorOfSource(
  source: Record<string, unknown>,
): { error: ErrorFields; key: string } | undefined {
  for (const key of KEYS) {
    const error = readValue(source[key]);
    if (error !== undefined) return { error, key };
  }
  return undefined;
}

function readValue(value: unknown): ErrorFields | undefined {
  if (typeof value === "string") return readText(value);
  // structlog's dict_tracebacks: the last exception of the chain comes first.
  const [first] = Array.isArray(value) ? value : [];
  if (typeof first !== "object" || first === null) return undefined;
  const { exc_type: type, exc_value: message, frames } = first as Record<string, unknown>;
  if (typeof type !== "string") return undefined;
  const lines = (value as unknown[]).toReversed().flatMap(linesOf);
  return {
    type,
    message: typeof message === "string" ? message : "",
    stack: Array.isArray(frames) ? lines.join("\n") : "",
  };
}

function readText(text: string): ErrorFields | undefined {
  const lines = text.trim().split("\n");
  if (lines.some((line) => TOP_LEVEL.test(line))) return readTraceback(lines);
  return text.startsWith("Stack (most recent call last):") ? { stack: text.trimEnd() } : undefined;
}

/** As Python would print it. */
function linesOf(exception: unknown): string[] {
  const { exc_type: type, exc_value: message, frames } = (exception ?? {}) as Record<string, unknown>;
  const places = (Array.isArray(frames) ? frames : []).map((frame) => {
    const { filename, lineno, name } = (frame ?? {}) as Record<string, unknown>;
    return `  File ${JSON.stringify(filename ?? "")}, line ${numberOf(lineno)}, in ${textOf(name)}`;
  });
  return ["Traceback (most recent call last):", ...places, `${textOf(type)}: ${textOf(message)}`];
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
