// libpq's file of passwords: host:port:database:user:password, where * is anything.
import { closeSync, fstatSync } from "node:fs";
import { join } from "node:path";
import { openUntrusted, readAll } from "../../base/untrusted-file.ts";
import { HOME_DIRECTORY } from "../../plan/paths.ts";
import { readAsApplication } from "./as-application.ts";

const MOST_BYTES = 1024 * 1024;
/** Where libpq looks if nothing names a file: in the home of the application's user. */
const USUAL_NAME = ".pgpass";
/** What makes libpq ignore it. */
const OPEN_TO_OTHERS = 0o077;
/** Five fields; a backslash takes the next character as it is. */
const LINE = /^((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):(.*)$/;

export interface Login {
  host?: string | undefined;
  port?: number | undefined;
  database?: string | undefined;
  user?: string | undefined;
}

/** The first that fits; undefined without such a file, as in libpq. */
export function passwordFrom(
  given: string | undefined,
  { HOME: home }: NodeJS.ProcessEnv,
  login: Login,
): string | undefined {
  const directory = process.getuid?.() === 0 ? HOME_DIRECTORY : home;
  const path = given || (directory ? join(directory, USUAL_NAME) : undefined);
  const text = path === undefined ? undefined : readOwn(path);
  if (text === undefined) return undefined;
  const { host = "", port, database, user } = login;
  // Its name for the default socket's directory.
  const wanted = [
    host.startsWith("/var/run/postgresql") ? "localhost" : host,
    String(port),
    database ?? user ?? "",
    user ?? "",
  ];
  for (const line of text.split("\n")) {
    const fields = LINE.exec(line);
    if (fields === null || line.startsWith("#")) continue;
    const fits = wanted.every(
      (value, at) => fields[at + 1] === "*" || plain(fields[at + 1] as string) === value,
    );
    if (fits) return plain(fields[5] as string);
  }
  return undefined;
}

/** Undefined where it cannot be read, or others can. */
function readOwn(path: string): string | undefined {
  try {
    const file = readAsApplication(() => openUntrusted(path, { followsLinks: true }));
    if ((fstatSync(file.fd).mode & OPEN_TO_OTHERS) === 0) return readAll(file, MOST_BYTES).toString("utf8");
    closeSync(file.fd);
  } catch {
    // As if there were none.
  }
  return undefined;
}

function plain(field: string): string {
  return field.replaceAll(/\\(.)/g, "$1");
}
