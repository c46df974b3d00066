// Finds the time in the head of a line, in any usual format of `asctime`.
import { toIsoTime } from "./iso-time.ts";

// 2026-11-24 02:30:58,123 · 2026-11-24T02:30:58.123456+0000 · 24/Nov/2026 02:30:58 · 24-11-2026 02:30 · 02:30:58,123
const DIGITS_FIRST =
  /(?:(?:\d{4}[-/.:]\d\d[-/.:]\d\d|\d\d?[-/. ](?:\d\d?|[A-Z][a-z]{2})[-/. ](?:\d{4}|\d\d))(?:[ T:_]| - |, ?)\d\d?:\d\d(?::\d\d)?|\d\d?:\d\d:\d\d)(?:[.,]\d{1,9}){0,2}(?: [AP]M)?(?:Z| ?[+-]\d\d:?\d\d| UTC)?/y;
// Nov 24 02:30:58 · Tue Nov 24 02:30:58 2026
const MONTH_FIRST =
  /(?:[A-Z][a-z]{2},? )?[A-Z][a-z]{2} {1,2}\d\d? \d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: \d{4})?/y;

/** The position after the time that begins at `at`; `at` itself if there is none. */
export function skipTime(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const isDigit = first >= 0x30 && first <= 0x39;
  // The second letter of a month or a day is lower case.
  if (!isDigit && !(first >= 0x41 && first <= 0x5a && text.charCodeAt(at + 1) >= 0x61)) return at;
  const pattern = isDigit ? DIGITS_FIRST : MONTH_FIRST;
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** In UTC; undefined where the text names no zone, because local time is not known here. */
export function knownTime(text: string): string | undefined {
  const last = text.charCodeAt(text.length - 1);
  // Z, UTC, +0100 or +01:00
  const hasZone = last === 0x5a || last === 0x43 || /[+-]\d\d:?\d\d$/.test(text.slice(-6));
  if (!hasZone) return undefined;
  return toIsoTime(
    text
      .replace(",", ".")
      .replace(" UTC", "Z")
      .replace(/ ([+-])/, "$1"),
  );
}
