/** ISO 8601 in UTC with milliseconds, from any ISO text with a zone or from seconds or milliseconds since 1970. */
export function toIsoTime(value: unknown): string | undefined {
  if (typeof value === "number" && value > 1e8 && value < 1e14) {
    return isoTime(value < 1e11 ? value * 1000 : value);
  }
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*(Z|[+-]\d\d:?\d\d)$/.test(value))
    return undefined;
  return isoTime(Date.parse(value));
}

/** Undefined for invalid times, and for years of more than four digits. */
function isoTime(ms: number): string | undefined {
  const text = Number.isNaN(ms) ? "" : new Date(ms).toISOString();
  return /^\d{4}-/.test(text) ? text : undefined;
}
