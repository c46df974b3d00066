import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { formatLine } from "./format.ts";

export interface FollowedLogs {
  /** Resolves when the container has ended and its last line is shown. */
  ended: Promise<void>;
  close(): void;
}

/** Shows a container's log from its beginning, readable, until the container ends. */
export function followLogs(container: string, source?: string): FollowedLogs {
  return readLogs(["--follow", container], source);
}

/** Shows what a container has logged so far, readable. */
export async function showLogs(container: string, source?: string): Promise<void> {
  await readLogs([container], source).ended;
}

function readLogs(args: readonly string[], source: string | undefined): FollowedLogs {
  const colour = process.stdout.isTTY === true && !process.env.NO_COLOR;
  const options = source === undefined ? { colour } : { colour, source };
  // Its own session: Ctrl-C must not end the log before the container's last lines.
  const child = spawn("docker", ["logs", ...args], { detached: true, stdio: ["ignore", "pipe", "pipe"] });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) =>
      process.stdout.write(`${formatLine(line, options)}\n`),
    );
  }
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", () => resolve());
  });
  return { ended, close: () => child.kill() };
}
