import { createInterface } from "node:readline";
import { DjinitError } from "../../base/errors.ts";
import { LEVELS } from "../../base/log-level.ts";
import type { Request, Status } from "../../control/protocol.ts";
import type { Arguments } from "../arguments.ts";
import { ask, notRunning } from "../ask-control.ts";
import { connectControl } from "../control-socket.ts";
import { isLevel, type LogFilter, lineFilter } from "../log-filter.ts";

/** Ends what was there already: no record has a control character in it. */
const END_OF_SNAPSHOT = "\0";
/** PID 1's own records have no service of the plan. */
const OWN = "djinit";

/** The last records, of one service or of all, from a level on; with -f those that follow too. Exit status 0. */
export async function logs({ operands, options }: Arguments, usage: string): Promise<number> {
  const filter = readFilter(operands[0], options["level"]);
  const most = readCount(options["lines"], usage);
  if (filter.service !== undefined) await requireService(filter.service);
  const follow = options["follow"] === true;
  await print({ verb: "logs", follow }, filter, most);
  return 0;
}

function readFilter(service: string | undefined, level: string | boolean | undefined): LogFilter {
  if (typeof level === "string" && !isLevel(level)) {
    throw new DjinitError(
      "DJINIT_BAD_USAGE",
      `cannot show records of level ${JSON.stringify(level)}: the levels are ${LEVELS.join(", ")}`,
    );
  }
  return { service, level: typeof level === "string" && isLevel(level) ? level : undefined };
}

function readCount(lines: string | boolean | undefined, usage: string): number {
  if (lines === undefined) return Number.POSITIVE_INFINITY;
  if (typeof lines === "string" && /^\d{1,9}$/.test(lines)) return Number(lines);
  throw new DjinitError(
    "DJINIT_BAD_USAGE",
    `cannot show ${JSON.stringify(lines)} records: that is no number of records; usage: djinit ${usage}`,
  );
}

async function requireService(name: string): Promise<void> {
  const { services } = await ask<Status>({ verb: "status" });
  const names = [OWN, ...services.map(({ service }) => service)];
  // A step of the boot is none, but had its records, which are PID 1's earlier life's: they are in `docker logs`.
  if (names.includes(name)) return;
  const text = `cannot show the log of ${JSON.stringify(name)}: there are ${names.join(", ")}`;
  throw new DjinitError("DJINIT_UNKNOWN_SERVICE", text);
}

/** Prints what is there, at most `most` of the lines that match, and then what comes. */
async function print(request: Request, filter: LogFilter, most: number): Promise<void> {
  const socket = connectControl();
  socket.write(`${JSON.stringify(request)}\n`);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("error", (error) => reject(notRunning(error)));
  const isShown = lineFilter(filter);
  const held: string[] = [];
  let following = false;
  const lines = createInterface({ input: socket });
  const show = (line: string): void => void process.stdout.write(`${line}\n`);
  lines.on("line", (line) => {
    if (line === END_OF_SNAPSHOT) {
      following = true;
      for (const earlier of held.splice(0)) show(earlier);
    } else if (isShown(line)) {
      if (following) return show(line);
      held.push(line);
      if (held.length > most) held.shift();
    }
  });
  // It passes the socket's errors on.
  lines.once("error", (error) => reject(notRunning(error)));
  lines.once("close", () => resolve());
  // `djinit logs | head`
  process.stdout.once("error", () => socket.destroy());
  await promise;
}
