// The socket between nginx and gunicorn. PID 1 holds it, so that requests wait while gunicorn is started anew; the boot
// opens it, since /run/gunicorn is the user django's.
import type { Config } from "../config/variables.ts";
import { usesUsualSocket } from "../plan/gunicorn.ts";
import { DJANGO_USER, GUNICORN_SOCKET } from "../plan/paths.ts";
import { actAs, findAccount } from "../platform/credentials.ts";
import { listenUnix } from "../platform/listening-socket.ts";
import { gunicornFile } from "./gunicorn-file.ts";

/** gunicorn's own. */
const BACKLOG = 2_048;
/** nginx reaches it through the group django. */
const UMASK = 0o117;

/** Returns its descriptor; undefined where gunicorn listens elsewhere. */
export function openApplicationSocket(
  words: readonly string[],
  config: Config,
  isRoot: boolean,
): number | undefined {
  if (!usesUsualSocket(words, config) || !gunicornFile("takesSocket")) return undefined;
  // As user django, with its mode from the beginning: in a directory of django's root changes nothing by its path.
  const open = (): number => listenUnix(GUNICORN_SOCKET, BACKLOG);
  const before = process.umask(UMASK);
  try {
    return isRoot ? actAs(findAccount(DJANGO_USER), open) : open();
  } finally {
    process.umask(before);
  }
}
