import { type Fields, type Level, levelOf } from "../record.ts";
import { errorOfSource, summaryOf } from "./error.ts";
import { addHttpFields } from "./http.ts";
import { toIsoTime } from "./iso-time.ts";
import { flattenLoguru } from "./loguru.ts";
import { parseTaskMessage } from "./task.ts";

const TIME_KEYS = ["time", "timestamp", "@timestamp"] as const;
const LEVEL_KEYS = ["level", "levelname", "severity", "log.level"] as const;
const MESSAGE_KEYS = ["msg", "message", "event"] as const;
/** Fields of the schema: a line's own value that does not fit moves into `app`. */
const OURS = ["time", "level", "msg", "service"] as const;

// Part of the language that TypeScript does not know yet.
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

/** A double may lose digits of a number this long. */
const MAY_LOSE_DIGITS = /\d{16}/;

/** Loggers of celery whose messages are about tasks. */
const CELERY_LOGGER = /^celery\./;
/** Loggers whose messages are requests. */
const ACCESS_LOGGER = /^((gunicorn|uvicorn)\.(access|error)|django\.server)$/;

/** The record of a line that is one JSON object, with all its fields; undefined for any other line. */
export function parseJsonLine(line: string, fallback: Level, service?: string): Fields | undefined {
  if (!line.startsWith("{") || !line.endsWith("}")) return undefined;
  let given: unknown;
  try {
    given = MAY_LOSE_DIGITS.test(line) ? JSON.parse(line, keepDigits) : JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) return undefined;
  const source = given as Record<string, unknown>;
  return fieldsOfSource(flattenLoguru(source) ?? source, fallback, service);
}

/** The record of a line whose fields have names. */
export function fieldsOfSource(source: Record<string, unknown>, fallback: Level, service?: string): Fields {
  const time = firstOf(TIME_KEYS, source, toIsoTime);
  const level = firstOf(LEVEL_KEYS, source, levelOf) ?? levelOfStatus(source["status"]) ?? fallback;
  const msg =
    firstOf(MESSAGE_KEYS, source, (value) => (typeof value === "string" ? value : undefined)) ??
    requestOf(source);
  // Without a prototype, so that a field named `__proto__` is a field like any other.
  const fields: Fields = Object.assign(Object.create(null), time === undefined ? {} : { time }, {
    level,
    msg,
  });
  const aside: [string, unknown][] = [];
  for (const [key, value] of Object.entries(source)) {
    if (!(OURS as readonly string[]).includes(key)) fields[key] = value;
    else if (!fits(key as (typeof OURS)[number], value, fields, service)) aside.push([key, value]);
  }
  addError(fields, source, aside);
  if (aside.length > 0) fields["app"] = withOwnApp(source, aside);
  return addMessageFields(fields);
}

/** If a line has an exception and its own `error`, such as `error="no flour"`, the latter moves into `app`. */
function addError(fields: Fields, source: Record<string, unknown>, aside: [string, unknown][]): void {
  const own = source["error"];
  if (typeof own === "object" && own !== null) return;
  const found = errorOfSource(source);
  if (found === undefined) return;
  if (own !== undefined) aside.push(["error", own]);
  fields["error"] = found.error;
  if (fields.msg === "") fields.msg = summaryOf(found.error);
  // The stack has it already.
  if (typeof source[found.key] === "string") delete fields[found.key];
}

/** Adds what well-known loggers say in their messages only. */
function addMessageFields(fields: Fields): Fields {
  const { logger, msg } = fields;
  if (typeof logger !== "string") return fields;
  if (CELERY_LOGGER.test(logger)) {
    const task = parseTaskMessage(msg);
    if (task !== undefined) fields["task"] = task;
  }
  return ACCESS_LOGGER.test(logger) && fields["http"] === undefined ? addHttpFields(fields) : fields;
}

/** The line's own field `app`, if it has one, goes in there too. */
function withOwnApp(source: Record<string, unknown>, aside: [string, unknown][]): Record<string, unknown> {
  return Object.fromEntries(Object.hasOwn(source, "app") ? [...aside, ["app", source["app"]]] : aside);
}

function fits(key: (typeof OURS)[number], value: unknown, fields: Fields, service?: string): boolean {
  if (key === "service") return value === service;
  if (key === "time") return toIsoTime(value) !== undefined;
  if (key === "level") return levelOf(value) !== undefined;
  return value === fields.msg;
}

function firstOf<T>(
  keys: readonly string[],
  source: Record<string, unknown>,
  read: (value: unknown) => T | undefined,
) {
  for (const key of keys) {
    const value = read(source[key]);
    if (value !== undefined) return value;
  }
  return undefined;
}

function levelOfStatus(status: unknown): Level | undefined {
  // Objects are not converted, because that can throw.
  const number = typeof status === "string" ? Number(status) : status;
  if (typeof number !== "number") return undefined;
  return Number.isInteger(number) && number >= 100 ? (number >= 500 ? "error" : "info") : undefined;
}

/** nginx's access log has no message: the request and its status say what happened. */
function requestOf(source: Record<string, unknown>): string {
  const { request, status } = source;
  if (typeof request !== "string") return "";
  return typeof status === "string" || typeof status === "number" ? `${request} ${status}`.trim() : request;
}

/** A reviver. It keeps a number as it was written if a double would change it, such as a 64-bit id. */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== "number" || source === undefined || source.length < 16) return value;
  return String(value) === source ? value : rawJSON(source);
}
