import { createInterface } from "node:readline";
import { DjinitError } from "../../base/errors.ts";
import { LEVELS } from "../../base/log-level.ts";
import type { Request, Status } from "../../control/protocol.ts";
import { groupOf } from "../../plan/processes/group.ts";
import type { Arguments } from "../arguments.ts";
import { ask, notRunning } from "../ask-control.ts";
import { connectControl } from "../control-socket.ts";
import { isLevel, type LogFilter, lineFilter } from "../log-filter.ts";

/** Marks the end of the earlier records: no record contains a control character. */
const END_OF_SNAPSHOT = "\0";
/** The service of PID 1's own records, which is not in the plan. */
const OWN = "djinit";

/** Prints the last records of one service or of all, from a level on; with -f also new ones. Exit status 0. */
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
  // A step of the boot is no service. Its records, from PID 1's first life, are only in `docker logs`.
  if (names.some((it) => it === name || groupOf(it) === name)) return;
  const text = `cannot show the log of ${JSON.stringify(name)}: there are ${names.join(", ")}`;
  throw new DjinitError("DJINIT_UNKNOWN_SERVICE", text);
}

/** Prints at most `most` matching lines of the earlier records, and then new ones. */
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
  // The errors of the socket arrive here, too.
  lines.once("error", (error) => reject(notRunning(error)));
  lines.once("close", () => resolve());
  // `djinit logs | head`
  process.stdout.once("error", () => socket.destroy());
  await promise;
}
