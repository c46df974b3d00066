// Somebody starts a second djinit in a container that serves, as `docker exec` does.
import { type Dirent, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Member } from "./member.ts";
import type { FaultReport, SecondRun } from "./observation.ts";
import type { Round } from "./round.ts";
import { randomOf } from "./seed.ts";
import type { Subject } from "./subject.ts";

/** In one round, one after the other. */
const RUNS = 3;
/** More than a Django start and all steps of a boot take on a busy machine. */
const TIMEOUT_MS = 90_000;
const LONGEST_TEXT = 4_000;

export const USERS = ["root", "django"] as const;
/** What people do in a container that runs. */
export const COMMANDS: readonly (readonly string[])[] = [["true"], ["django-admin", "check"], ["release"]];
/** What is for a container of its own. */
export const SERVERS: readonly (readonly string[])[] = [
  ["cake_service.wsgi:application"],
  ["celery", "worker"],
];
/** What they mistype. */
export const MISTYPED: readonly (readonly string[])[] = [["frobnicate"], ["realod"], ["migrations", "x"]];

export async function startSeconds(subject: Subject, round: Round): Promise<FaultReport> {
  const member = subject.member(round.member);
  const random = randomOf(round.choice * 2 ** 32);
  const fromMs = Date.now();
  const seconds: SecondRun[] = [];
  for (let at = 0; at < RUNS; at += 1) {
    const words = random.pick([...COMMANDS, ...SERVERS, ...MISTYPED]);
    seconds.push(await startSecond(member, words, random.pick(USERS)));
  }
  return { fromMs, toMs: Date.now(), exits: [], seconds };
}

async function startSecond(member: Member, words: readonly string[], user: string): Promise<SecondRun> {
  const before = filesOfFirst(member);
  const ran = await member.container.exec(["djinit", ...words], { user, timeoutMs: TIMEOUT_MS });
  const after = filesOfFirst(member);
  return {
    words,
    user,
    status: ran.timedOut ? undefined : ran.exitCode,
    said: ran.all.slice(-LONGEST_TEXT),
    changed: [...before].filter(([path, identity]) => after.get(path) !== identity).map(([path]) => path),
  };
}

/** Sockets, PID files and the plan under /run, each with what tells it from another one of that name. */
function filesOfFirst({ initPid }: Member): Map<string, string> {
  const root = `/proc/${initPid}/root`;
  const files = new Map<string, string>();
  for (const entry of readdirSync(`${root}/run`, { recursive: true, withFileTypes: true })) {
    if (!isOfFirst(entry)) continue;
    const path = join(entry.parentPath, entry.name);
    const { ino, mtimeMs } = statSync(path);
    files.set(path.slice(root.length), `${ino} ${mtimeMs}`);
  }
  return files;
}

function isOfFirst(entry: Dirent): boolean {
  return entry.isSocket() || (entry.isFile() && /\.pid$|^plan\.json$/.test(entry.name));
}
