// The unix socket of a service, in a directory of the service's own user: PID 1 may not write there.
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
 * Watches the socket that `service` is reached by; undefined where it is none of the file system's. One that PID 1 holds has a
 * second name, by which the same socket gets its first name back, and no process has to be started anew. One that the
 * service has opened itself is had again only by starting the service anew.
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
  /** Of the service's present process, where it has opened the socket itself. */
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

/** Runs a short command. Errors: throws with its own words when it fails. */
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
