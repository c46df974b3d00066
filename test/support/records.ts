/** One line that djinit wrote. */
export interface LogRecord {
  time: string;
  level: string;
  service: string;
  msg: string;
  [field: string]: unknown;
}

/** Reads lines of JSON. Errors: a line that is not one JSON object; names it and its number. */
export function parseRecords(stdout: string): LogRecord[] {
  const lines = stdout.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line, index) => {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch (error) {
      throw new Error(`cannot parse line ${index + 1} of stdout: ${(error as Error).message}\n${line}`, {
        cause: error,
      });
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Error(`cannot use line ${index + 1} of stdout: it is no JSON object\n${line}`);
    }
    return value as LogRecord;
  });
}

/** The status of the answer that a record is about; undefined where it is about none. */
export function statusOf(record: LogRecord): number | undefined {
  const http = record["http"] as { response?: { status_code?: number } } | undefined;
  return http?.response?.status_code;
}

/** Path and query of the request that a record is about, whichever names its fields have. */
export function targetOf({ url, request }: LogRecord): string | undefined {
  if (typeof request === "string") return request.split(" ")[1];
  const { path, query } = (url ?? {}) as { path?: string; query?: string };
  return query ? `${path}?${query}` : path;
}
