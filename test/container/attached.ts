// `docker run` in the foreground: its stdin, its bytes, its exit status.
import { spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";
import { runContext } from "../support/run-context.ts";
import { RUN_LABEL } from "../support/run-id.ts";

export interface AttachedOptions {
  command: readonly string[];
  image?: string;
  env?: Record<string, string>;
  /** What the command reads; without it there is no stdin. */
  input?: string | Buffer;
  /** More for `docker run`, before the image's name. */
  more?: readonly string[];
}

export interface Attached {
  status: number;
  stdout: Buffer;
  stderr: string;
}

/** Runs a container to its end. */
export async function runAttached(options: AttachedOptions): Promise<Attached> {
  const { runId, images } = runContext();
  const args = ["run", "--rm", "--network", "none", "--label", `${RUN_LABEL}=${runId}`];
  if (options.input !== undefined) args.push("--interactive");
  for (const [name, value] of Object.entries(options.env ?? {})) args.push("--env", `${name}=${value}`);
  args.push(...(options.more ?? []), options.image ?? images.djinit, ...options.command);
  const child = spawn("docker", args, { stdio: "pipe" });
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  const ended = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? -1));
  });
  const [stdout, stderr, status] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  return { status, stdout, stderr: stderr.toString() };
}
