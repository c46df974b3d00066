// loguru's `serialize=True`: {"text": "…", "record": {"level": {"name": "ERROR"}, "message": "…", …}}

/** The same with the usual names at the top; undefined if loguru did not write it. */
export function flattenLoguru(source: Record<string, unknown>): Record<string, unknown> | undefined {
  const { text, record } = source;
  if (typeof text !== "string" || !isObject(record) || !isObject(record["level"])) return undefined;
  const { level, message, time, name, process, exception, ...rest } = record;
  const pid = isObject(process) ? process["id"] : undefined;
  const timestamp = isObject(time) ? time["timestamp"] : undefined;
  return {
    level: isObject(level) ? level["name"] : undefined,
    msg: message,
    ...(timestamp === undefined ? {} : { time: timestamp }),
    ...(typeof pid === "number" ? { pid } : {}),
    ...(typeof name === "string" ? { logger: name } : {}),
    ...(isObject(exception)
      ? { exception: text.slice(Math.max(0, text.indexOf("Traceback (most recent"))) }
      : {}),
    record: rest,
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
