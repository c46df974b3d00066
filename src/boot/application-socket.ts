// The socket between nginx and gunicorn. PID 1 holds it, so that requests wait while gunicorn is started anew; the boot
// opens it, since /run/gunicorn is the user django's.
import { chmodSync, chownSync } from "node:fs";
import type { Config } from "../config/variables.ts";
import { usesUsualSocket } from "../plan/gunicorn.ts";
import { DJANGO_USER, GUNICORN_SOCKET } from "../plan/paths.ts";
import { findAccount } from "../platform/credentials.ts";
import { listenUnix } from "../platform/listening-socket.ts";
import { gunicornFile } from "./gunicorn-file.ts";

/** gunicorn's own. */
const BACKLOG = 2_048;
/** nginx reaches it through the group django. */
const MODE = 0o660;

/** Returns its descriptor; undefined where gunicorn's file is one of the user's own, and it may listen elsewhere. */
export function openApplicationSocket(
  words: readonly string[],
  config: Config,
  isRoot: boolean,
): number | undefined {
  if (!gunicornFile("takesSocket")) return undefined;
  if (!gunicornFile("settles") && !usesUsualSocket(words, config)) return undefined;
  const fd = listenUnix(GUNICORN_SOCKET, BACKLOG);
  chmodSync(GUNICORN_SOCKET, MODE);
  if (isRoot) {
    const { uid, gid } = findAccount(DJANGO_USER);
    chownSync(GUNICORN_SOCKET, uid, gid);
  }
  return fd;
}
