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
/** `levels=2` (src/boot/limits/cache.ts): the last two digits of a file's name. */
const PART = /^[0-9a-f]{2}$/;
const ANSWER = /^[0-9a-f]{32}(\.\d{1,20})?$/;
/** More than the parts that there can be. */
const MOST_NAMES = 1_024;
/** Of a part. nginx has room for 2,000 at the most: 64 MiB of keys, 8,000 to a MiB, in 256 parts. */
const MOST_FILES = 8_192;
/** Some 10 ms. Probes are answered in between. */
const FILES_AT_ONCE = 1_000;
/**
 * The first field of nginx's files, the version of their form: one of another version counts as not there, without a word. A file
 * that is removed would be a message of nginx's at the level `crit`, an hour later.
 */
const NO_VERSION = Buffer.alloc(8);

/** Whose files they are, and how to do something with that user's rights. */
interface Owner {
  uid: number;
  does: <T>(action: () => T) => T;
}

/** What the application is making at this moment is forgotten too, once it is in its file. */
export async function cache(_request: Request, { log, supervisor: { plan } }: AdminContext): Promise<Done> {
  const count = await forgetAll(
    placedIn(plan.run, NGINX_CACHE_DIRECTORY),
    ownerFor(plan.supervisorUser === undefined),
  );
  const answers = `${count} ${count === 1 ? "answer" : "answers"}`;
  log.info({ target: "nginx" }, `the cache is cleared of ${answers}: an operator asked for it`);
  return { ok: true, done: `cleared: ${answers}` };
}

function ownerFor(isOwn: boolean): Owner {
  if (isOwn) return { uid: process.getuid?.() ?? 0, does: (action) => action() };
  const account = findAccount(NGINX_USER);
  return { uid: account.uid, does: (action) => withFilesOf(account, action) };
}

/**
 * By descriptors, for all of it is nginx's, and so is the directory around it: a link may lie anywhere. Returns how many files there
 * were. Errors: DJINIT_REFUSED where there is no cache.
 */
async function forgetAll(directory: string, owner: Owner): Promise<number> {
  const fd = owner.does(() => open(directory));
  try {
    const parts = owner.does(() => listNames(here(fd), MOST_NAMES)).filter((name) => PART.test(name));
    let count = 0;
    for (const part of parts) count += await forgetPart(`${here(fd)}/${part}`, owner);
    return count;
  } finally {
    closeSync(fd);
  }
}

const here = (fd: number): string => `/proc/self/fd/${fd}`;

function open(directory: string): number {
  try {
    return openSync(directory, DIRECTORY);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const cause = {
      ENOENT: "nginx keeps none; DJINIT_CACHE switches it on",
      ENOTDIR: `${directory} is no directory`,
      ELOOP: `${directory} is no directory`,
    }[code ?? ""];
    if (cause === undefined) throw error;
    throw new DjinitError("DJINIT_REFUSED", `cannot clear the cache: ${cause}`);
  }
}

async function forgetPart(path: string, { uid, does }: Owner): Promise<number> {
  let fd: number;
  try {
    fd = does(() => openSync(path, DIRECTORY));
  } catch {
    return 0;
  }
  try {
    const names = does(() => listNames(here(fd), MOST_FILES)).filter((name) => ANSWER.test(name));
    let count = 0;
    for (let at = 0; at === 0 || at < names.length; at += FILES_AT_ONCE) {
      const some = names.slice(at, at + FILES_AT_ONCE);
      count += does(() => some.filter((name) => forget(`${here(fd)}/${name}`, uid)).length);
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    return count;
  } finally {
    closeSync(fd);
  }
}

function forget(path: string, uid: number): boolean {
  let fd: number;
  try {
    fd = openSync(path, FILE);
  } catch {
    // nginx has removed it meanwhile.
    return false;
  }
  try {
    const status = fstatSync(fd);
    const isAnswer = status.isFile() && status.uid === uid && status.nlink === 1;
    if (isAnswer) writeSync(fd, NO_VERSION, 0, NO_VERSION.length, 0);
    return isAnswer;
  } finally {
    closeSync(fd);
  }
}
