// The socket between nginx and gunicorn. PID 1 holds it, so that requests wait while gunicorn is started anew; the boot
// opens it, since /run/gunicorn is the user django's.
import { chownSync, closeSync, linkSync, lstatSync, rmSync } from "node:fs";
import type { Config } from "../../config/variables.ts";
import { usesUsualSocket } from "../../plan/gunicorn.ts";
import { DJANGO_USER, GUNICORN_SOCKET, KEPT_GUNICORN_SOCKET } from "../../plan/paths.ts";
import { actAs, findAccount } from "../../platform/credentials.ts";
import { listenUnix } from "../../platform/listening-socket.ts";
import { gunicornFile } from "./file.ts";

/** gunicorn's own. */
const BACKLOG = 2_048;
/** Leaves the socket mode 0660: nginx reaches it through the group django. */
const UMASK = 0o117;

/** Returns its descriptor; undefined where gunicorn's file is one of the user's own, and it may listen elsewhere. */
export function openApplicationSocket(
  args: readonly string[],
  config: Config,
  isRoot: boolean,
): number | undefined {
  if (!gunicornFile("takesSocket")) return undefined;
  if (!gunicornFile("settles") && !usesUsualSocket(args, config)) return undefined;
  const before = process.umask(UMASK);
  try {
    const fd = listenUnix(GUNICORN_SOCKET, BACKLOG);
    const isKept = keepName();
    if (!isRoot) return fd;
    const django = findAccount(DJANGO_USER);
    if (isKept) {
      // By the name that django cannot replace by another file's.
      chownSync(KEPT_GUNICORN_SOCKET, django.uid, django.gid);
      return fd;
    }
    closeSync(fd);
    rmSync(GUNICORN_SOCKET, { force: true });
    return actAs(django, () => listenUnix(GUNICORN_SOCKET, BACKLOG));
  } finally {
    process.umask(before);
  }
}

/**
 * Gives the socket a second name, where the user django cannot remove it: if the first name is lost, it is made again from
 * the second. Before the socket gets another owner: without CAP_FOWNER Linux lets root link only its own files.
 * False if there is none: PID 1 then reports a lost name, and cannot put it back.
 */
function keepName(): boolean {
  try {
    rmSync(KEPT_GUNICORN_SOCKET, { recursive: true, force: true });
    linkSync(GUNICORN_SOCKET, KEPT_GUNICORN_SOCKET);
    const kept = lstatSync(KEPT_GUNICORN_SOCKET);
    if (kept.isSocket() && kept.uid === process.geteuid?.()) return true;
    rmSync(KEPT_GUNICORN_SOCKET, { force: true });
  } catch {
    // EXDEV: the directories are mounts of their own.
  }
  return false;
}
