// Text of several lines that is one thing said, and no traceback.

/** Whether `line` goes on with what `head`, the lines before it, has begun; undefined if it has begun nothing. */
export type Continues = (line: string, lines: number) => boolean;

/** A Python warning is followed by the line of the program that it is about. */
const WARNING = /^.+:\d+: [A-Z]\w*Warning: /;
const CELERY_BANNER = " -------------- celery@";
const CELERY_LINE = /^(?:[ -]|\[tasks\]$|$)/;
const BEAT_BANNER = "celery beat v";
/** The second line of it. The project is loaded between the two, which takes longer than a line is waited for. */
const BEAT_BANNER_REST = "__    -    ... __   -        _";
const BEAT_LINE = /^(?:__ |LocalTime ->|Configuration ->| {4}\. |$)/;
const REPORT = "software -> celery:";
const REPORT_LINE = /^(?:(?:platform|loader|settings) *-> | |[A-Za-z_]\w*: |$)/;
/** celery's words about a broker that is away; when it will be asked again comes in a line of its own. */
const AWAY = /^\[[^\]]+: ERROR\/[^\]]+\] consumer: Cannot connect to .*\.$/;
/** click's «Error: Invalid value for '--app':» and celery's «Error:», with the reason in the next lines. */
const ERROR_WITHOUT_REASON = /^Error:(?: ?$|.*: ?$)/;
const MOST_REASON_LINES = 6;
const STACK = "Stack (most recent call last):";

/** How a line goes on, if it is the beginning of more. Nearly all are ruled out by the first character. */
export function beginsBlock(line: string): Continues | undefined {
  switch (line.charCodeAt(0)) {
    case 0x20:
      // An almost empty line comes first.
      if (line === " ")
        return (next, lines) => (lines === 1 ? next.startsWith(CELERY_BANNER) : isBanner(next));
      return line.startsWith(CELERY_BANNER) ? isBanner : undefined;
    case 0x5b: // [
      return line.endsWith(".") && AWAY.test(line) ? goesOnAsRetry : undefined;
    case 0x73: // s
      return line.startsWith(REPORT) ? (next) => REPORT_LINE.test(next) : undefined;
    case 0x63: // c
      return line.startsWith(BEAT_BANNER) ? isBeatBanner : undefined;
    case 0x5f: // _
      return line === BEAT_BANNER_REST ? isBeatBanner : undefined;
    case 0x45: // E
      if (line.startsWith("Exception ")) return goesOnAsException;
      return ERROR_WITHOUT_REASON.test(line) ? goesOnAsReason : undefined;
    case 0x53: // S
      return line === STACK ? (next) => /^ {2}/.test(next) : undefined;
  }
  return undefined;
}

function isBanner(line: string): boolean {
  return CELERY_LINE.test(line);
}

function isBeatBanner(line: string): boolean {
  return BEAT_LINE.test(line);
}

/** «Exception in thread Thread-1:» announces a traceback that is written later. */
function goesOnAsException(): boolean {
  return false;
}

function goesOnAsReason(line: string, lines: number): boolean {
  return line !== "" && !/^[[{\d]/.test(line) && lines < MOST_REASON_LINES;
}

function goesOnAsRetry(line: string, lines: number): boolean {
  return lines === 1 && line.startsWith("Trying again in ");
}

/** Only the next line, which is indented. */
export function isWarningSource(head: string, line: string): boolean {
  return line.startsWith("  ") && WARNING.test(head) && !head.includes("\n");
}
