// The control socket: one line asks, one JSON object answers.
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { CONTROL_SOCKET } from "../plan/paths.ts";
import type { Supervisor } from "../supervise/supervisor.ts";
import type { Status } from "./status.ts";

const LONGEST_REQUEST_BYTES = 1_024;

/** Serves until the process ends. Only root and djinit's own user may connect. */
export function serveControl(supervisor: Supervisor): void {
  rmSync(CONTROL_SOCKET, { force: true });
  const server = createServer((socket) => answer(socket, supervisor));
  // Without the socket nobody can ask, but the services are none the worse for it.
  server.on("error", () => {});
  server.listen(CONTROL_SOCKET, () => chmodSync(CONTROL_SOCKET, 0o600));
  server.unref();
}

function answer(socket: Socket, supervisor: Supervisor): void {
  let request = "";
  socket.on("error", () => socket.destroy());
  socket.on("data", (data) => {
    request += data.toString("latin1");
    if (request.length > LONGEST_REQUEST_BYTES) socket.destroy();
    else if (request.includes("\n")) socket.end(`${JSON.stringify(reply(request.trim(), supervisor))}\n`);
  });
}

function reply(verb: string, supervisor: Supervisor): Status | { error: string } {
  if (verb !== "status") return { error: `cannot ${JSON.stringify(verb)}: no such verb` };
  return {
    role: supervisor.plan.role,
    ready: supervisor.ready,
    draining: supervisor.draining,
    services: supervisor.services.map(({ name, state, ready, pid, restarts }) => ({
      service: name,
      state: state.name,
      ready,
      ...(pid === undefined ? {} : { pid }),
      restarts,
      ...(state.exitStatus === undefined ? {} : { exit_status: state.exitStatus }),
    })),
  };
}
