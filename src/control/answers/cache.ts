// Makes nginx forget what it keeps of the application's answers, without a new process of nginx's.
import { closeSync, constants, fstatSync, openSync, writeSync } from "node:fs";
import { DjinitError } from "../../base/errors.ts";
import { listNames } from "../../base/untrusted-file.ts";
import { NGINX_CACHE_DIRECTORY, NGINX_USER, placedIn } from "../../plan/paths.ts";
import { findAccount } from "../../platform/credentials.ts";
import { withFilesOf } from "../../platform/libc.ts";
import type { AdminContext } from "../context.ts";
import type { Done, Request } from "../protocol.ts";

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const FILE = constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const MOST_NAMES = 1_000_000;
/**
 * The first field of nginx's files, the version of their form: one of another version counts as not there, without a word. A file
 * that is removed would be a message of nginx's at the level `crit`, an hour later.
 */
const NO_VERSION = Buffer.alloc(8);

/** What the application is making at this moment is forgotten too, once it is in its file. */
export async function cache(_request: Request, { log, supervisor: { plan } }: AdminContext): Promise<Done> {
  const directory = placedIn(plan.run, NGINX_CACHE_DIRECTORY);
  const asNginx = <T>(action: () => T): T =>
    plan.supervisorUser === undefined ? action() : withFilesOf(findAccount(NGINX_USER), action);
  const parts = asNginx(() => namesIn(directory));
  if (parts === undefined) {
    const text = "cannot clear the cache: nginx keeps none; DJINIT_CACHE switches it on";
    throw new DjinitError("DJINIT_REFUSED", text);
  }
  let count = 0;
  for (const part of parts) {
    count += asNginx(() => forgetPart(`${directory}/${part}`));
    // Probes are answered in between.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const answers = `${count} ${count === 1 ? "answer" : "answers"}`;
  log.info({ target: "nginx" }, `the cache is cleared of ${answers}: an operator asked for it`);
  return { ok: true, done: `cleared: ${answers}` };
}

function namesIn(directory: string): string[] | undefined {
  try {
    return listNames(directory, MOST_NAMES);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** By descriptors: nginx's user may put a link anywhere in there. Returns how many there were. */
function forgetPart(path: string): number {
  let fd: number;
  try {
    fd = openSync(path, DIRECTORY);
  } catch {
    return 0;
  }
  try {
    return listNames(`/proc/self/fd/${fd}`, MOST_NAMES).filter((name) =>
      forget(`/proc/self/fd/${fd}/${name}`),
    ).length;
  } finally {
    closeSync(fd);
  }
}

function forget(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, FILE);
  } catch {
    // nginx has removed it meanwhile.
    return false;
  }
  try {
    const isFile = fstatSync(fd).isFile();
    if (isFile) writeSync(fd, NO_VERSION, 0, NO_VERSION.length, 0);
    return isFile;
  } finally {
    closeSync(fd);
  }
}
