// The socket between nginx and the application's server. PID 1 holds it, so that requests wait while that is started anew; the boot
// opens it, since /run/gunicorn is the user django's.
import { chownSync, closeSync, linkSync, lstatSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../../config/variables.ts";
import { usesUsualSocket } from "../../plan/gunicorn.ts";
import {
  DJANGO_USER,
  GUNICORN_SOCKET,
  KEPT_GUNICORN_SOCKET,
  placedIn,
  SHARED_SOCKET,
} from "../../plan/paths.ts";
import type { Invocation } from "../../plan/role.ts";
import { actAs, findAccount } from "../../platform/credentials.ts";
import { whileRoots } from "../../platform/directory.ts";
import { listenUnix } from "../../platform/listening-socket.ts";
import { gunicornFile } from "./file.ts";

/** gunicorn's own. */
const BACKLOG = 2_048;
/** Leaves the socket mode 0660: nginx reaches it through the group django. */
const UMASK = 0o117;

/** Returns its descriptor; undefined if the user's own gunicorn file may listen elsewhere. */
export function openApplicationSocket(
  invocation: Invocation,
  config: Config,
  isRoot: boolean,
  run: string,
): number | undefined {
  if (!takesSocket(invocation, config)) return undefined;
  const usual = invocation.half === undefined ? GUNICORN_SOCKET : SHARED_SOCKET;
  const [path, keptPath] = [placedIn(run, usual), placedIn(run, KEPT_GUNICORN_SOCKET)];
  const before = process.umask(UMASK);
  try {
    if (!isRoot) {
      const fd = listenUnix(path, BACKLOG);
      keepName(path, keptPath);
      return fd;
    }
    return openForDjango(path, keptPath);
  } finally {
    process.umask(before);
  }
}

function takesSocket({ args, server }: Invocation, config: Config): boolean {
  // djinit's launcher gives it to the others.
  if (server !== undefined) return true;
  return gunicornFile("takesSocket") && (gunicornFile("settles") || usesUsualSocket(args, config));
}

function openForDjango(path: string, keptPath: string): number {
  const django = findAccount(DJANGO_USER);
  const fd = whileRoots(dirname(path), () => {
    const opened = listenUnix(path, BACKLOG);
    if (keepName(path, keptPath)) return opened;
    closeSync(opened);
    rmSync(path, { force: true });
    return undefined;
  });
  if (fd === undefined) return actAs(django, () => listenUnix(path, BACKLOG));
  // Django could replace the other name.
  chownSync(keptPath, django.uid, django.gid);
  return fd;
}

/**
 * Gives the socket a second name, which user django cannot remove. If the first name is lost, PID 1 makes it again from the
 * second. To be called before chown: without CAP_FOWNER Linux lets root link only its own files.
 * False if there is no second name: PID 1 can then only report a lost name.
 */
function keepName(path: string, keptPath: string): boolean {
  try {
    rmSync(keptPath, { recursive: true, force: true });
    linkSync(path, keptPath);
    const kept = lstatSync(keptPath);
    if (kept.isSocket() && kept.uid === process.geteuid?.()) return true;
    rmSync(keptPath, { force: true });
  } catch {
    // EXDEV: the directories are separate mounts.
  }
  return false;
}
