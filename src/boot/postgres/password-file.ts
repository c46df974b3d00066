// libpq's file of passwords: host:port:database:user:password, where * is anything.
import { readUntrusted } from "../../base/untrusted-file.ts";

const MOST_BYTES = 1024 * 1024;
/** Five fields; a backslash takes the next character as it is. */
const LINE = /^((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):((?:\\.|[^:\\])*):(.*)$/;

export interface Login {
  host?: string | undefined;
  port?: number | undefined;
  database?: string | undefined;
  user?: string | undefined;
}

/** The first that fits; undefined without such a file, as in libpq. */
export function passwordFrom(path: string | undefined, login: Login): string | undefined {
  if (!path) return undefined;
  let text: string;
  try {
    text = readUntrusted(path, { mostBytes: MOST_BYTES, followsLinks: true }).toString("utf8");
  } catch {
    return undefined;
  }
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

function plain(field: string): string {
  return field.replaceAll(/\\(.)/g, "$1");
}
