// Lets nginx check its own files before anything depends on them, and reads the facts that djinit needs.
import { closeSync } from "node:fs";
import { createServer, Socket } from "node:net";
import { basename } from "node:path";
import { text } from "node:stream/consumers";
import { DjinitError } from "../../base/errors.ts";
import { type Problem, refuseProblems } from "../../config/problem.ts";
import { VARIABLES } from "../../config/variables.ts";
import {
  isNginxDump,
  type NginxDump,
  type NginxFacts,
  nginxCommand,
  readNginxDump,
} from "../../plan/nginx.ts";
import { NGINX_PROXY_PROTOCOL_FILE, NGINX_TLS_FILE, NGINX_USER, RUN_DIRECTORY } from "../../plan/paths.ts";
import { namedAsUsual, nginxFileArgs, nginxMirror, placeText } from "../../plan/run-directory.ts";
import { openChildPipe } from "../../platform/child-pipe.ts";
import { findAccount } from "../../platform/credentials.ts";
import { listenTcp } from "../../platform/listening-socket.ts";
import { mirrorFiles } from "../../platform/mirror.ts";
import { writeNewFile } from "../../platform/new-file.ts";
import { startAfter } from "../../platform/service-argv.ts";
import { sayEnd, startChild, startFailure } from "../child-end.ts";

/** In nginx.conf of Debian and of nginx.org. Only root may make a file there. */
const USUAL_PID_FILE = "/run/nginx.pid";

/** By the files of djinit's that say where to listen. */
const VARIABLE_OF: Readonly<Record<string, string>> = {
  [basename(NGINX_TLS_FILE)]: VARIABLES.tlsPort.name,
  [basename(NGINX_PROXY_PROTOCOL_FILE)]: VARIABLES.proxyProtocolPort.name,
};

export interface NginxCheck {
  /** Before a command, it makes it run as user nginx. */
  runAsPrefix: readonly string[];
  environment: NodeJS.ProcessEnv;
  run: string;
  timeoutMs: number;
  signal: AbortSignal;
}

/** Errors: DJINIT_NGINX_CONFIGURATION with nginx's own message, DJINIT_SPAWN_FAILED, the signal's reason. */
export async function checkNginx(check: NginxCheck): Promise<NginxDump> {
  const { run, runAsPrefix } = check;
  if (run !== RUN_DIRECTORY) {
    const { from, to } = nginxMirror(run);
    mirrorFiles(from, to, (text) => placeText(text, run));
  }
  if (runAsPrefix.includes(`--reuid=${NGINX_USER}`)) preparePidFile();
  const facts = readNginxDump(await dumpConfiguration(check));
  if (facts.daemonizes) throw refused("it says `daemon on;`, but nginx must stay a child of PID 1");
  return facts;
}

/** Errors: DJINIT_PORT_TAKEN. */
export async function refuseTakenPorts({ listens }: Pick<NginxFacts, "listens">): Promise<void> {
  const wanted = listens.map(({ host, port }) => `${host.includes(":") ? "::" : "0.0.0.0"} ${port}`);
  await Promise.all(
    [...new Set(wanted)].map((place) => {
      const [host = "", port] = place.split(" ");
      return refuseTakenPort(Number(port), host);
    }),
  );
}

function preparePidFile(): void {
  writeNewFile(USUAL_PID_FILE, "", { mode: 0o644, owner: findAccount(NGINX_USER) });
}

async function dumpConfiguration(check: NginxCheck): Promise<string> {
  const { runAsPrefix, environment, run, timeoutMs, signal } = check;
  // Even a check opens the logs: /dev/stdout must be a pipe that user nginx may open.
  const pipes = [openChildPipe(), openChildPipe()] as const;
  const command = nginxCommand("", "-T", ...nginxFileArgs(run));
  const { child, ended } = startChild(startAfter(runAsPrefix, command, environment), {
    stdio: ["ignore", pipes[0].writeFd, pipes[1].writeFd],
  });
  // It looks hosts up, and opens whatever its files name.
  const late = AbortSignal.timeout(timeoutMs);
  const over = AbortSignal.any([signal, late]);
  const kill = (): void => void child?.kill("SIGKILL");
  if (over.aborted) kill();
  over.addEventListener("abort", kill, { once: true });
  const [dump, complaints] = pipes.map(({ readFd, writeFd }) => {
    closeSync(writeFd);
    return text(new Socket({ fd: readFd, readable: true, writable: false }));
  }) as [Promise<string>, Promise<string>];
  const end = await ended;
  over.removeEventListener("abort", kill);
  signal.throwIfAborted();
  const said = await dump;
  if (end.status === 0 && isNginxDump(said)) return said;
  const lines = namedAsUsual(await complaints, run)
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (late.aborted && end.signal !== null) {
    const text = `\`nginx -T\` has not ended within ${timeoutMs / 1000} s (${VARIABLES.startupTimeoutMs.name})`;
    throw refused(`${text}: it waits for a name server, or a file that it opens is a pipe`, lines);
  }
  const cannotStart = startFailure("nginx", end, lines);
  if (cannotStart !== undefined) throw cannotStart;
  if (end.status === 0) throw refused("`nginx -T` ended with status 0, but has not shown it", lines);
  refuseProblems(findPortsTwice(lines));
  const first = lines.find((line) => line.includes("[emerg]")) ?? lines[0] ?? `nginx -T ${sayEnd(end)}`;
  throw refused(first.replace(/^nginx: /, ""), lines);
}

function refused(message: string, lines?: readonly string[]): DjinitError {
  return new DjinitError("DJINIT_NGINX_CONFIGURATION", `cannot use the nginx configuration: ${message}`, {
    fields: { error: { message }, ...(lines === undefined ? {} : { lines }) },
  });
}

async function refuseTakenPort(port: number, host: string): Promise<void> {
  // Node takes 5 ms to look at its first address. It is asked only for the reason.
  const fd = listenTcp({ host, port, onlyV6: true, isExclusive: true }, 1);
  if (fd !== undefined) return closeSync(fd);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const server = createServer();
  server.once("error", (error: NodeJS.ErrnoException) => {
    // nginx reports anything else. It may have rights or addresses that djinit does not know.
    if (error.code !== "EADDRINUSE") return resolve();
    const message = `cannot listen on port ${port}: another process does`;
    reject(new DjinitError("DJINIT_PORT_TAKEN", message, { cause: error, fields: { port } }));
  });
  server.listen({ port, host, ipv6Only: true, exclusive: true }, () => server.close(() => resolve()));
  await promise;
}

/** Ports of variables at which nginx is to listen twice, by what it says of its files. */
function findPortsTwice(lines: readonly string[]): Problem[] {
  return lines.flatMap((line) => {
    const [, port = "", file = ""] = /duplicate listen \S*?:(\d+) in (\S+):\d+$/.exec(line) ?? [];
    const variable = VARIABLE_OF[basename(file)];
    if (variable === undefined) return [];
    const problem = `${variable} is ${port}, where nginx listens already: give it another port`;
    return [{ variable, value: port, problem }];
  });
}
