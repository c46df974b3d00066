// The socket between nginx and gunicorn. PID 1 holds it, so that requests wait while gunicorn is started anew; the boot
// opens it, since /run/gunicorn is the user django's.
import { chmodSync, chownSync, linkSync, rmSync } from "node:fs";
import type { Config } from "../config/variables.ts";
import { usesUsualSocket } from "../plan/gunicorn.ts";
import { DJANGO_USER, GUNICORN_SOCKET, KEPT_GUNICORN_SOCKET } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";
import { listenUnix } from "../platform/listening-socket.ts";
import { gunicornFile } from "./gunicorn-file.ts";

/** gunicorn's own. */
const BACKLOG = 2_048;
/** nginx reaches it through the group django. */
const MODE = 0o660;

/** Returns its descriptor; undefined where gunicorn listens elsewhere. */
export function openApplicationSocket(
  words: readonly string[],
  config: Config,
  isRoot: boolean,
): number | undefined {
  if (!usesUsualSocket(words, config) || !gunicornFile("takesSocket")) return undefined;
  const fd = listenUnix(GUNICORN_SOCKET, BACKLOG);
  chmodSync(GUNICORN_SOCKET, MODE);
  keepName();
  if (isRoot) {
    const { uid, gid } = findAccount(DJANGO_USER);
    chownSync(GUNICORN_SOCKET, uid, gid);
  }
  return fd;
}

/**
 * Gives the socket a second name, where the user django cannot remove it: one that has lost its name is had again by any
 * other. Before it gets another owner: Linux lets root without CAP_FOWNER link its own files only.
 */
function keepName(): void {
  try {
    rmSync(KEPT_GUNICORN_SOCKET, { recursive: true, force: true });
    linkSync(GUNICORN_SOCKET, KEPT_GUNICORN_SOCKET);
  } catch {
    // EXDEV: the directories are mounts of their own. Then a name that is lost is told, and not put back.
  }
}
