// The lines of a Python traceback.

const HEADER = "Traceback (most recent call last):";
const INDENTED_HEADER =
  /^(?:\s*(?:\+ Exception Group )?Traceback \(most recent call last\):|\u256d\u2500+ Traceback \(most recent)/;
const CHAIN = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** More lines of a Postgres error: psycopg's exceptions have them in their messages. */
const POSTGRES_DETAIL = /^(?:DETAIL|HINT|CONTEXT|QUERY|LINE \d+): /;
/** logging adds them to the exception of a call that it could not format. */
const LOGGING_DETAIL = /^(?:Call stack:$|Message: |Arguments: )/;
/**
 * The exception itself: «KeyError: 'flour'», «psycopg.errors.UniqueViolation: …», «shop.pay.<locals>.NoFlour». A word without
 * a point is an exception only if it looks like a class: what another process says may come between the frames.
 */
const EXCEPTION =
  /^(?:[\p{L}_][\p{L}\w]*\.(?:[\p{L}\w<>]+\.)*[\p{L}\w]+|\p{Lu}[\p{L}\w]*|_\w+|\w*(?:error|timeout|exception))(?:: |:?$)/u;
const LEVEL_WORD = /^(?:DEBUG|INFO|NOTICE|SUCCESS|WARN|WARNING|ERROR|CRITICAL|FATAL|Error)\b/;
/** loguru marks the frame in which the exception was caught; rich draws a box around all. */
const DRAWN_FRAME = /^(?:> File "|[\u2502\u2570])/;
const FRAME = /^ {2}File ".{1,4000}", line \d+, in /;

/** How far a traceback has come: its frames, the exception itself, or the words that announce another. */
export type Phase = "frames" | "raised" | "chained";

/** Whether a line may belong to a traceback. Looks only at its first and its last character. */
export function mayMatter(line: string): boolean {
  const first = line.charCodeAt(0);
  if (first === 0x54 || first === 0x44 || first === 0x2b || first <= 0x20 || first >= 0x85) return true;
  return line.charCodeAt(line.length - 1) === 0x3a && line.endsWith(HEADER);
}

/**
 * The position at which a traceback begins; -1 if none does. It is 0, or after the head of a line whose message is the
 * traceback.
 */
export function headerAt(line: string): number {
  if (INDENTED_HEADER.test(line)) return 0;
  return line.endsWith(HEADER) ? line.length - HEADER.length : -1;
}

export function isChain(line: string): boolean {
  return CHAIN.test(line);
}

/** A frame whose traceback's beginning is missing. */
export function isFrame(line: string): boolean {
  return line.startsWith('  File "') && FRAME.test(line);
}

/** An indented traceback, such as an exception group's, is indented to its last line: no exception at the margin follows. */
export function phaseOf(header: string): Phase {
  return /^\s/.test(header) ? "raised" : "frames";
}

/** The phase after `line`; undefined if the line does not belong to the traceback. */
export function advance(phase: Phase, line: string): Phase | undefined {
  if (/^(\S| {2}\+)/.test(line) && INDENTED_HEADER.test(line))
    return phase === "chained" ? phaseOf(line) : undefined;
  if (line === "" || /^[ \t]/.test(line)) return phase;
  if (CHAIN.test(line)) return "chained";
  if (phase === "raised")
    return POSTGRES_DETAIL.test(line) || LOGGING_DETAIL.test(line) ? "raised" : undefined;
  if (phase === "frames" && DRAWN_FRAME.test(line)) return "frames";
  // The exception is the first line at the margin again.
  return phase === "frames" && EXCEPTION.test(line) && !LEVEL_WORD.test(line) ? "raised" : undefined;
}
