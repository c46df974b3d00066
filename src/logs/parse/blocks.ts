// Messages of several lines that are not tracebacks.

/** Whether `line` continues the message that the lines of `head` began; undefined if they began none. */
export type Continues = (line: string, lines: number) => boolean;

/** After a Python warning comes the source line that it is about. */
const WARNING = /^.+:\d+: [A-Z]\w*Warning: /;
const CELERY_BANNER = " -------------- celery@";
const CELERY_LINE = /^(?:[ -]|\[tasks\]$|$)/;
const BEAT_BANNER = "celery beat v";
/** Its second line. The project is loaded between the two, which takes longer than the relay waits for a line. */
const BEAT_BANNER_REST = "__    -    ... __   -        _";
const BEAT_LINE = /^(?:__ |LocalTime ->|Configuration ->| {4}\. |$)/;
const REPORT = "software -> celery:";
const REPORT_LINE = /^(?:(?:platform|loader|settings) *-> | |[A-Za-z_]\w*: |$)/;
/** celery's message about a broker that is away. The time of the next attempt comes on a line of its own. */
const AWAY = /^\[[^\]]+: ERROR\/[^\]]+\] consumer: Cannot connect to .*\.$/;
/** click's «Error: Invalid value for '--app':» and celery's «Error:». The reason comes on the next lines. */
const ERROR_WITHOUT_REASON = /^Error:(?: ?$|.*: ?$)/;
const MOST_REASON_LINES = 6;
const STACK = "Stack (most recent call last):";

/** How a message goes on after its first line. The first character rules out nearly all lines. */
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
