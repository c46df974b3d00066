// The Unix socket of a service. It lies in a directory of the service's user, where PID 1 may not write.
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { PROGRAMS } from "../base/programs.ts";
import { KEPT_GUNICORN_SOCKET, placedIn } from "../plan/paths.ts";
import { asService, type Start } from "../platform/service-argv.ts";
import type { Operations } from "./operations.ts";
import type { Reaper } from "./process/reaper.ts";
import type { Service } from "./service.ts";
import { type Identity, identityOf, isSame, type WatchedSocket } from "./sockets/socket-watch.ts";

/**
 * The socket of `service` to watch; undefined if the service has no Unix socket. A socket that PID 1 holds has a second name.
 * If its first name is lost, the second one restores it, and no process is restarted. A socket that the service has opened
 * itself only comes back with a restart of the service.
 */
export function watchedSocketOf(
  service: Service,
  reaper: Reaper,
  operations: Operations,
  runDirectory: string,
): WatchedSocket | undefined {
  const { readiness, user } = service.plan;
  if (readiness.kind !== "http") return undefined;
  const path = readiness.socketPath;
  const keptPath = placedIn(runDirectory, KEPT_GUNICORN_SOCKET);
  const held = identityOf(keptPath) ?? identityOf(path);
  /** The socket of the current process, if the service has opened it itself. */
  let own: { pid: number | undefined; socket: Identity | undefined } | undefined;
  const isOwnThere = (): boolean => {
    if (!service.ready) return true;
    if (own?.pid !== service.pid) own = { pid: service.pid, socket: identityOf(path) };
    return isSame(own?.socket, identityOf(path));
  };
  return {
    path,
    isThere: () => (service.holdsSocket ? isSame(held, identityOf(path)) : isOwnThere()),
    putBack: async () => {
      if (!service.holdsSocket) return operations.restart(service);
      if (!isSame(held, identityOf(keptPath))) throw new Error("it has no other name; restart the container");
      await run(asService(user, [PROGRAMS.ln, "-fT", keptPath, path], {}), reaper);
    },
  };
}

/** Runs a short command. Errors: throws with the command's own message if it fails. */
async function run({ file, args, env }: Start, reaper: Reaper): Promise<void> {
  const child = spawn(file, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  const { pid } = child;
  if (pid !== undefined) reaper.leaveToNode(pid);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  child.once("error", reject);
  child.once("exit", (code, signal) => {
    if (pid !== undefined) reaper.forget(pid, signal);
    resolve(code);
  });
  const [status, said] = await Promise.all([ended, text(child.stderr)]);
  if (status !== 0) throw new Error(said.trim() || `ln ended with status ${status}`);
}
