// The engine's own HTTP interface: a call costs a millisecond or two, where starting the docker CLI costs a hundred.
import { request } from "node:http";
import { text } from "node:stream/consumers";

const SOCKET = (process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock").replace("unix://", "");
const TIMEOUT_MS = 60_000;

/** What the engine answers, as JSON. Errors: it refuses, does not answer in time, or is on another machine. */
export async function engine<T = unknown>(
  method: "GET" | "POST",
  path: string,
  timeoutMs = TIMEOUT_MS,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const signal = AbortSignal.timeout(timeoutMs);
  const asked = request({ socketPath: SOCKET, path, method, signal, agent: false }, async (answer) => {
    try {
      const said = await text(answer);
      const status = answer.statusCode ?? 0;
      if (status >= 400) reject(new Error(`cannot ${method} ${path}: the engine says ${status}: ${said}`));
      else resolve((said.trim() === "" ? undefined : JSON.parse(said)) as T);
    } catch (error) {
      reject(error);
    }
  });
  asked.once("error", (error) =>
    reject(new Error(`cannot ${method} ${path}: ${error.message}`, { cause: error })),
  );
  asked.end();
  return promise;
}

/** Starts a container and gives the PID of its first process on this machine. */
export async function startContainer(id: string): Promise<number> {
  await engine("POST", `/containers/${id}/start`);
  const { State } = await engine<{ State: { Pid: number } }>("GET", `/containers/${id}/json`);
  return State.Pid;
}

/** Resolves with the exit status when it has ended. Errors: it runs on after `timeoutMs`. */
export async function waitForExit(id: string, timeoutMs: number): Promise<number> {
  const answer = await engine<{ StatusCode: number }>("POST", `/containers/${id}/wait`, timeoutMs);
  return answer.StatusCode;
}
