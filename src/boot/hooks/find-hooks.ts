// The programs of the image's own that the boot runs: which there are, and which could not be run.
import { existsSync, readdirSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import type { Problem } from "../../config/problem.ts";
import { DJANGO_USER, HOOKS_DIRECTORY } from "../../plan/paths.ts";
import { type Account, actAs, findAccount } from "../../platform/credentials.ts";

/** In the order in which the boot comes to them. */
export const HOOK_POINTS = ["before-migrate", "after-migrate", "before-start"] as const;
export type HookPoint = (typeof HOOK_POINTS)[number];

export interface Hook {
  point: HookPoint;
  /** `before-migrate/10-backup`. */
  name: string;
  path: string;
}

export interface FoundHooks {
  /** In the order of their points and names. */
  hooks: Hook[];
  problems: Problem[];
}

/** What people leave beside their programs: notes, samples, what is switched off, what editors and packages leave behind. */
const IGNORED = /^\.|~$|^README|\.(?:md|txt|sample|example|disabled|bak|orig|swp|dpkg-\w+)$/;

/** Looks as the user that is to run them. A hook that could not be run is a problem, and never skipped in silence. */
export function findHooks(isRoot: boolean, directory: string = HOOKS_DIRECTORY): FoundHooks {
  const found: FoundHooks = { hooks: [], problems: [] };
  // The usual case: nothing has to be looked up for it.
  if (isRoot && !existsSync(directory)) return found;
  const user = isRoot ? findAccount(DJANGO_USER) : ourselves();
  const look = (): void => findIn(directory, user, found);
  isRoot ? actAs(user, look) : look();
  return found;
}

export function atPoint(hooks: readonly Hook[], point: HookPoint): Hook[] {
  return hooks.filter((hook) => hook.point === point);
}

function ourselves(): Account {
  return { name: "the container's user", uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
}

function findIn(directory: string, user: Account, { hooks, problems }: FoundHooks): void {
  const refuse = (path: string, cause: string): void => {
    problems.push({ variable: path, problem: `the hook ${path} cannot be run: ${cause}` });
  };
  const strangers = list(directory, refuse).filter(
    (name) => !(HOOK_POINTS as readonly string[]).includes(name),
  );
  for (const name of strangers)
    problems.push({
      variable: join(directory, name),
      problem: `${join(directory, name)} has no meaning: hooks lie in ${HOOK_POINTS.join(", ")} there`,
    });
  for (const point of HOOK_POINTS) {
    for (const name of list(join(directory, point), refuse)) {
      const path = join(directory, point, name);
      const cause = whyUnfit(path, user);
      if (cause === undefined) hooks.push({ point, name: `${point}/${name}`, path });
      else refuse(path, cause);
    }
  }
}

/** Names that count, in the order of their bytes, as run-parts has it in the C locale. None where there is no such directory. */
function list(directory: string, refuse: (path: string, cause: string) => void): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => !IGNORED.test(name))
      .sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR") refuse(directory, "it is to be a directory with programs in it");
    else if (code !== "ENOENT") refuse(directory, message);
    return [];
  }
}

/** Undefined: it can be run. */
function whyUnfit(path: string, user: Account): string | undefined {
  let status: Stats;
  try {
    status = statSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "its link leads nowhere" : message;
  }
  if (status.isDirectory()) return "it is a directory";
  if (!status.isFile()) return "it is no file";
  if (mayExecute(status, user)) return undefined;
  const mode = (status.mode & 0o777).toString(8).padStart(4, "0");
  return `its mode ${mode} does not let ${user.name} execute it: \`chmod a+rx\` it (in a ConfigMap: defaultMode: 0755), or give it a name that ends in .disabled`;
}

/** False only where it is certain: a user may have more groups than one. */
function mayExecute({ mode, uid, gid }: Stats, user: Account): boolean {
  if (user.uid === 0) return (mode & 0o111) !== 0;
  if (uid === user.uid) return (mode & 0o100) !== 0;
  return (mode & (gid === user.gid ? 0o010 : 0o111)) !== 0;
}
