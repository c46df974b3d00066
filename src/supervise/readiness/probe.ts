// Probes whether a service has come up.
import { connect, type Socket } from "node:net";
import type { Readiness } from "../../plan/plan.ts";

/** A worker that is busy importing takes the connection but does not answer yet. */
const PROBE_TIMEOUT_MS = 5_000;

/** More than the status and the Location of an answer take. */
const LONGEST_HEAD_BYTES = 8_192;
/** The PROXY protocol's header of a check. Without one, nginx logs an error where TLS is behind it. */
const OF_NOBODY = "PROXY UNKNOWN\r\n";
/** gunicorn believes it of whoever reaches its unix socket. */
const BY_HTTPS = "X-Forwarded-Proto: https";

type AskedByHttp = Extract<Readiness, { kind: "http" }>;
type Asked = AskedByHttp | Extract<Readiness, { kind: "tcp" }>;

/** Probes a service once. Returns undefined if it has come up, otherwise why not. */
export async function probe(readiness: Asked): Promise<string | undefined> {
  switch (readiness.kind) {
    case "tcp": {
      const answers = await Promise.all(
        readiness.addresses.map(({ host, port, wantsProxy }) =>
          serves(connect({ host, port }), `${host}:${port}`, wantsProxy ? OF_NOBODY : ""),
        ),
      );
      return answers.find((answer) => answer !== undefined);
    }
    case "http": {
      const { socketPath, path } = readiness;
      return path === undefined ? serves(connect(socketPath), socketPath) : answers(readiness, path);
    }
  }
}

/** Why a service is not ready, before its first answer. */
export function beforeAnswer(readiness: Asked): string {
  return readiness.kind === "http" && readiness.path !== undefined
    ? `GET ${readiness.path} has not been answered yet`
    : "no connection has been taken yet";
}

/**
 * Whether a worker accepts the connection: the worker closes it when we send nothing and close our side. A connection alone
 * proves nothing: the kernel takes it as soon as anybody listens, such as gunicorn's master before a worker has loaded the
 * application, or PID 1, which holds nginx's sockets. This leaves no trace in any log.
 */
function serves(socket: Socket, where: string, greeting = ""): Promise<string | undefined> {
  const late = `nobody took a connection at ${where} within ${PROBE_TIMEOUT_MS / 1_000} s`;
  return ask(socket, late, (answer) => {
    socket.end(greeting);
    socket.resume();
    socket.once("end", () => answer(undefined));
  });
}

/** A GET is answered below 400. Where it is only told to come back by https, it is sent as if by https. */
async function answers(readiness: AskedByHttp, path: string): Promise<string | undefined> {
  const { host, secureHeader } = readiness;
  const plain = await get(readiness, path, []);
  if (!isSentToHttps(plain, path)) return judge(plain, path, host);
  const secure = await get(readiness, path, [
    BY_HTTPS,
    ...(secureHeader === undefined ? [] : [secureHeader]),
  ]);
  if (!isSentToHttps(secure, path)) return judge(secure, path, host);
  return `GET ${path} is redirected to https, even with ${BY_HTTPS}: a manifest would tell of SECURE_PROXY_SSL_HEADER`;
}

/** The beginning of the answer, or why there is none. */
type Answer = { head: string; why?: never } | { head?: never; why: string };

async function get({ socketPath, host }: AskedByHttp, path: string, headers: string[]): Promise<Answer> {
  const late = `GET ${path} was not answered within ${PROBE_TIMEOUT_MS / 1_000} s`;
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    "User-Agent: djinit-probe",
    "Connection: close",
    ...headers,
  ];
  const socket = connect(socketPath);
  let head = "";
  const why = await ask(socket, late, (answer) => {
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    socket.once("data", (data) => {
      head = data.toString("latin1", 0, LONGEST_HEAD_BYTES);
      answer(undefined);
    });
  });
  return why === undefined ? { head } : { why };
}

/** By a middleware, before the page itself is asked. */
function isSentToHttps({ head = "" }: Answer, path: string): boolean {
  if (!/^HTTP\/1\.[01] 30[1278]/.test(head)) return false;
  const location = /^location: (https:\/\/[^\r]*)/im.exec(head)?.[1];
  // The application may have a name that the socket's paths have not.
  return location?.endsWith(path) === true;
}

function judge({ head, why }: Answer, path: string, host: string): string | undefined {
  if (head === undefined) return why;
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1];
  if (status === undefined) return `the last answer to GET ${path} was no HTTP`;
  if (/^[123]/.test(status)) return undefined;
  return `the last answer to GET ${path} was ${status}${advice(status, host)}`;
}

/** Django answers 400 to a Host that is not allowed. */
function advice(status: string, host: string): string {
  if (status === "400") return `: is the Host ${host} in ALLOWED_HOSTS? DJINIT_READINESS_HOST sets another`;
  return status === "404" ? ": is DJINIT_READINESS_PATH a path of the application?" : "";
}

async function ask(
  socket: Socket,
  late: string,
  listen: (answer: (why: string | undefined) => void) => void,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  socket.setTimeout(PROBE_TIMEOUT_MS, () => resolve(late));
  socket.once("error", (error) => resolve(`cannot connect: ${error.message}`));
  socket.once("close", () => resolve("the connection was closed without an answer"));
  listen(resolve);
  const answer = await promise;
  socket.destroy();
  return answer;
}
