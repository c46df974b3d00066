export interface FormatOptions {
  colour: boolean;
  /** Put before each line when several containers log. */
  source?: string;
}

const RESET = "\u001b[0m";
const DIM = "\u001b[2m";
const LEVEL_COLOURS: Record<string, string> = {
  debug: DIM,
  info: "\u001b[32m",
  warn: "\u001b[33m",
  error: "\u001b[31m",
  fatal: "\u001b[1;31m",
};

/** Fields that the columns show already, or that do not help a person who watches. */
const QUIET = new Set([
  "time",
  "level",
  "service",
  "msg",
  "pid",
  "process",
  "logger",
  "request_id",
  "request",
  "status",
  "body_bytes_sent",
]);
const QUIET_PREFIX = /^(http_|remote_|app\.)/;
const MAX_FIELDS = 6;
const MAX_FIELD_LENGTH = 60;

/** A line of a container's log for people: time, level, service, message, a few fields. Other lines stay as they are. */
export function formatLine(line: string, options: FormatOptions): string {
  const source = options.source === undefined ? "" : `${options.source.padEnd(6)} `;
  const record = readRecord(line);
  if (record === undefined) return `${source}${printable(line)}`;
  const paint = (code: string, text: string) =>
    options.colour && code !== "" ? `${code}${text}${RESET}` : text;
  const level = String(record.level ?? "");
  const head = [
    paint(DIM, String(record.time ?? "").slice(11, 23)),
    paint(LEVEL_COLOURS[level] ?? "", level.padEnd(5)),
    String(record.service ?? "").padEnd(13),
    printable(String(record.msg ?? "")),
  ].join(" ");
  const fields = keyFields(record);
  const more = fields === "" ? "" : ` ${paint(DIM, fields)}`;
  return [`${source}${head}${more}`, ...blocks(record).map((text) => `    ${text}`)].join("\n");
}

function readRecord(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function keyFields(record: Record<string, unknown>): string {
  return (
    Object.entries(record)
      .filter(([name, value]) => !QUIET.has(name) && !QUIET_PREFIX.test(name) && isShort(value))
      // djinit's messages contain their fields already.
      .filter(([, value]) => !String(record.msg ?? "").includes(String(value)))
      .slice(0, MAX_FIELDS)
      .map(([name, value]) => `${name}=${printable(String(value))}`)
      .join(" ")
  );
}

function isShort(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "boolean") return true;
  return (
    typeof value === "string" && value !== "" && value.length <= MAX_FIELD_LENGTH && !value.includes("\n")
  );
}

/** Long texts, such as tracebacks and hints, each on its own lines. */
function blocks(record: Record<string, unknown>): string[] {
  return Object.entries(record)
    .filter(
      ([name, value]) =>
        !QUIET.has(name) && !QUIET_PREFIX.test(name) && typeof value === "string" && !isShort(value),
    )
    .flatMap(([, value]) => String(value).split("\n"))
    .filter((text) => text !== "")
    .map(printable);
}

// A request's path may contain anything. No log line may control the terminal.
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

function printable(text: string): string {
  return text.replaceAll(CONTROL, "\ufffd");
}
