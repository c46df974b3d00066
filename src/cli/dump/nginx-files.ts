// nginx's files as `nginx -T` shows them, by nginx's own user and without djinit's key.
import { spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { OWN_PATH } from "../../base/programs.ts";
import { nginxCommand } from "../../plan/nginx.ts";
import { NGINX_USER } from "../../plan/paths.ts";
import { nginxFileArgs } from "../../plan/run-directory.ts";
import { openChildPipe } from "../../platform/child-pipe.ts";
import { dropNothing, dropTo } from "../../platform/credentials.ts";
import { MASK } from "../mask.ts";

const LIMIT_MS = 10_000;
/** NGINX_CLIENT_KEY_FILE's only line. */
const CLIENT_KEY = /^1 [0-9a-f]{32};$/gm;

export async function describeNginx(run: string): Promise<string> {
  const prefix = process.getuid?.() === 0 ? dropTo(NGINX_USER) : dropNothing();
  const [program = "", ...args] = [...prefix, ...nginxCommand("", "-T", ...nginxFileArgs(run))];
  // Its files may name /dev/stdout, which fails on Node's own pipes.
  const pipes = [openChildPipe(), openChildPipe()] as const;
  const child = spawn(program, args, {
    cwd: "/",
    env: { PATH: OWN_PATH },
    stdio: ["ignore", pipes[0].writeFd, pipes[1].writeFd],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  child.on("error", () => {});
  const said = pipes.map(({ readFd, writeFd }) => {
    closeSync(writeFd);
    return text(new Socket({ fd: readFd, readable: true, writable: false }));
  });
  const [dump = "", complaints = ""] = await Promise.all(said);
  return `${complaints}${dump}`.replaceAll(CLIENT_KEY, `1 ${MASK};`);
}
