// Answers at the control socket and the admin port while the boot is under way. The second life goes on with the same
// listening sockets. Loaded when a boot takes long (answer-later.ts).
import { lchownSync, rmSync } from "node:fs";
import type { Server } from "node:net";
import { VERSION } from "../../base/version.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import { collectBoot } from "../../metrics/boot.ts";
import { collectContainer } from "../../metrics/container.ts";
import { collectBuild, collectCondition, collectOwnProcess } from "../../metrics/services.ts";
import type { AnsweringPlan } from "../../plan/build-plan.ts";
import { CONTROL_SOCKET, placedIn } from "../../plan/paths.ts";
import type { AdminDescriptors, BootFacts } from "../../plan/plan.ts";
import { findAccount } from "../../platform/credentials.ts";
import { listenTcp, listenUnix } from "../../platform/listening-socket.ts";
import { lineServer } from "../../serve/line-server.ts";
import { type Asked, PLAIN, pageServer, sendVerdict } from "../../serve/page-server.ts";
import { answerProbe, answerVerb, type BootState, type BootVerb, isBootVerb } from "./answers.ts";

/** Node's own. */
const BACKLOG = 511;
/** Leaves the control socket mode 0600. */
const UMASK = 0o177;
/** Node listens so where no address is given. */
const ALL_ADDRESSES = ["::", "0.0.0.0"];
const INDEX = "djinit: /metrics /livez /readyz /startupz (?verbose)\n";

export interface Answering {
  log: OwnLog;
  state: () => BootState;
  facts: () => BootFacts;
  /** Asks for a reload; returns what comes of it. */
  reload: () => string;
}

export interface Answers {
  fds: AdminDescriptors;
  /** Connections that have not been answered yet. */
  open: () => number;
}

/** A socket that cannot be had is left to the second life, which says why. */
export function serveAnswers({ admin, run, supervisorUser }: AnsweringPlan, answering: Answering): Answers {
  const control = attempt(() => listenAtPath(placedIn(run, CONTROL_SOCKET), supervisorUser));
  const http = admin.port === 0 ? undefined : listenAtPort(admin.port, admin.address);
  const connections = new Set<object>();
  const serve = (server: Server, fd: number | undefined): void => {
    if (fd === undefined) return;
    server.on("connection", (socket) => {
      connections.add(socket);
      socket.once("close", () => connections.delete(socket));
    });
    server.on("error", () => {}).listen({ fd });
  };
  const { state, reload, log } = answering;
  serve(
    lineServer<{ verb: BootVerb }>(isBootVerb, ({ verb }) => answerVerb(verb, state(), reload)),
    control,
  );
  serve(
    pageServer((asked) => answerPage(asked, answering), log),
    http,
  );
  return {
    fds: { ...(control === undefined ? {} : { control }), ...(http === undefined ? {} : { http }) },
    open: () => connections.size,
  };
}

async function answerPage(asked: Asked, { state, facts }: Answering): Promise<boolean> {
  const { path, request, response } = asked;
  // A connection that is kept open would be lost with this program.
  response.setHeader("connection", "close");
  const verdict = answerProbe(path, state());
  if (verdict !== undefined) sendVerdict(path.slice(1), verdict, asked);
  else if (path === "/") response.writeHead(200, PLAIN).end(INDEX);
  else if (path === "/metrics") {
    const { role, draining, progress } = state();
    const { migrations } = progress;
    const left = migrations?.total === undefined ? 0 : migrations.total - migrations.applied;
    const boot = facts();
    const { formatFamilies } = await import("../../metrics/exposition.ts");
    const { contentType, text } = await formatFamilies(
      [
        ...collectBuild({ version: VERSION, node: process.version, role }),
        ...collectCondition({ live: true, ready: false, draining }),
        ...collectContainer(),
        ...collectBoot(
          migrations === undefined
            ? boot
            : { ...boot, migrations: { applied: migrations.applied, pending: Math.max(0, left) } },
        ),
        ...collectOwnProcess(),
      ],
      request.headers.accept ?? "",
    );
    response.writeHead(200, { "content-type": contentType }).end(text);
  } else return false;
  return true;
}

/** The directory is root's or this user's own: no other user can have put anything in the way. */
function listenAtPath(path: string, supervisorUser: string | undefined): number {
  rmSync(path, { recursive: true, force: true });
  const before = process.umask(UMASK);
  try {
    const fd = listenUnix(path, BACKLOG);
    if (supervisorUser !== undefined) {
      const { uid, gid } = findAccount(supervisorUser);
      lchownSync(path, uid, gid);
    }
    return fd;
  } finally {
    process.umask(before);
  }
}

function listenAtPort(port: number, address: string | undefined): number | undefined {
  for (const host of address === undefined ? ALL_ADDRESSES : [address]) {
    const at = { host, port, onlyV6: address !== undefined, isExclusive: true };
    const fd = attempt(() => listenTcp(at, BACKLOG));
    if (fd !== undefined) return fd;
  }
  return undefined;
}

function attempt<Value>(action: () => Value): Value | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
