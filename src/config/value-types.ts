// How the text of a variable becomes a value. Every message completes «NAME is "text", …».
import { isIP } from "node:net";
import { resolve } from "node:path";
import * as v from "valibot";

/** On when non-empty, as in docker-django-bootstrap: "0" and "false" mean on too, and give a warning. */
export const flag = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text !== ""),
  );

export const text = () => v.string();

/** As Python's urlsplit takes it, and so Django: what a file or a shell has left at its ends, and line breaks, are not in it. */
export const url = () =>
  v.pipe(
    v.string(),
    v.transform((given) => given.replace(/^[\0-\x20]+/, "").replaceAll(/[\t\r\n]/g, "")),
  );

export const integer = (min: number, max: number) => {
  const message = `which is not a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,15}$/, message),
    v.transform(Number),
    v.minValue(min, message),
    v.maxValue(max, message),
  );
};

/** Seconds, with or without a fraction or a trailing s; the value is in milliseconds. */
export const seconds = (min: number, max: number) => {
  const message = `which is not a number of seconds from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,9}(\.\d{1,3})?s?$/, message),
    v.transform((given) => Math.round(Number.parseFloat(given) * 1000)),
    v.minValue(min * 1000, message),
    v.maxValue(max * 1000, message),
  );
};

/** A number, or the word of which whoever knows the container makes one. */
export const integerOrAuto = (min: number, max: number) => {
  const message = `which is neither auto nor a whole number from ${min} to ${max}`;
  return v.pipe(
    v.string(),
    v.regex(/^(auto|\d{1,15})$/, message),
    v.transform((given) => (given === "auto" ? given : Number(given))),
    v.check((value) => value === "auto" || (value >= min && value <= max), message),
  );
};

const UNITS = ["b", "k", "m", "g"];

/** Of a number with or without one of these units. */
export function bytesOf(text: string): number {
  return Number.parseInt(text, 10) * 1024 ** Math.max(0, UNITS.indexOf(text.slice(-1).toLowerCase()));
}

/** As docker takes it: 300m, 1g; the value is in bytes. */
export const memorySize = () => {
  const message = "which is not an amount of memory from 16m to 1024g, such as 300m";
  return v.pipe(
    v.string(),
    v.regex(/^\d{1,13}[bkmg]?$/i, message),
    v.transform(bytesOf),
    v.minValue(16 * 1024 ** 2, message),
    v.maxValue(1024 ** 4, message),
  );
};

/** Of the whole, as in 90%; `off` is no part at all. The value is a number from 0 to 1. */
export const percent = (min: number, max: number) => {
  const message = `which is neither off nor a percentage from ${min}% to ${max}%`;
  return v.pipe(
    v.string(),
    v.regex(/^(off|\d{1,3}%?)$/, message),
    v.transform((given) => (given === "off" ? given : Number.parseInt(given, 10) / 100)),
    v.check((value) => value === "off" || (value >= min / 100 && value <= max / 100), message),
  );
};

export const choice = <const T extends readonly string[]>(...options: T) =>
  v.picklist(options, `which is none of ${options.join(", ")}`);

/** A path of a URL, such as /health/. */
export const urlPath = () =>
  v.pipe(
    v.string(),
    v.regex(/^\/[\x21-\x7e]*$/, "which is not a path such as /health/, that begins with / and has no space"),
  );

/** What may stand in nginx's files and in a list that is separated by colons, without a thought. */
const PLAIN_PATH = /^\/[^\0-\x20\x7f"'$\\:;{}]*$/;

/** Of a directory in the container. */
export const directory = () =>
  v.pipe(
    v.string(),
    v.regex(PLAIN_PATH, "which is not a path that begins with / and has no space, quote, colon or $"),
    v.transform((path) => resolve(path)),
  );

/** A user of the image; there is no shell or lookup behind it, so only plain names. */
export const userName = () =>
  v.pipe(
    v.string(),
    v.regex(/^[a-z_][a-z0-9_-]*$/, "which is not the name of a user of the image, such as django"),
  );

/** IPv4 or IPv6. */
export const ipAddress = () =>
  v.pipe(
    v.string(),
    v.check((given) => isIP(given) !== 0, "which is not an IP address, such as 127.0.0.1"),
  );

/** The value of a Host header. */
export const hostName = () =>
  v.pipe(
    v.string(),
    v.regex(
      /^[A-Za-z0-9.-]+(:\d{1,5})?$/,
      "which is not the name of a host, such as example.org or localhost:8000",
    ),
  );

/** Keys of Django's DATABASES, with commas. */
export const databaseNames = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(",").map((name) => name.trim())),
    v.check(
      (names) => names.every((name) => /^[\w.-]+$/.test(name)),
      "which is not a list, with commas, of names in DATABASES, such as default,archive",
    ),
  );

/** With commas. */
export const variableNames = () =>
  v.pipe(
    v.string(),
    v.transform((text) => text.split(",").map((name) => name.trim())),
    v.check(
      (names) => names.every((name) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)),
      "which is not a list, with commas, of names of variables",
    ),
  );
