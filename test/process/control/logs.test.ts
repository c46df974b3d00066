import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { logs } from "../../../src/control/answers/logs.ts";
import type { AdminContext } from "../../../src/control/context.ts";
import { RecentLines } from "../../../src/logs/write/recent-lines.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

describe("logs", () => {
  const directory = temporaryDirectory();

  /** Both ends of a connection to somebody who asks. */
  async function connection(): Promise<{ ours: Socket; theirs: Socket }> {
    const path = join(directory.path, `socket-${Math.random()}`);
    const server = createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const theirs = connect(path);
    const ours = await new Promise<Socket>((resolve) => server.once("connection", resolve));
    server.close();
    return { ours, theirs };
  }

  function read(socket: Socket) {
    const seen = { text: "", ended: false };
    socket.on("data", (data) => {
      seen.text += data;
    });
    socket.on("end", () => {
      seen.ended = true;
    });
    return seen;
  }

  test("are those of late, and with follow those that come", async () => {
    const recent = new RecentLines();
    recent.push("one\n");
    const context = { recent } as unknown as AdminContext;
    const { ours, theirs } = await connection();
    const seen = read(theirs);
    logs({ verb: "logs" }, context, ours);
    await eventually(() => seen.ended);
    expect(seen.text).toBe("one\n\0\n");

    const followed = await connection();
    const later = read(followed.theirs);
    logs({ verb: "logs", follow: true }, context, followed.ours);
    recent.push("two\n");
    await eventually(() => later.text === "one\n\0\ntwo\n");
    followed.theirs.end();
    await eventually(() => followed.ours.destroyed);
    expect(later.ended).toBe(true);
  });

  test("are not kept for one who follows and does not read", async () => {
    const recent = new RecentLines();
    const { ours, theirs } = await connection();
    logs({ verb: "logs", follow: true }, { recent } as unknown as AdminContext, ours);
    const line = `${"x".repeat(100_000)}\n`;
    for (let i = 0; i < 30; i += 1) recent.push(line);
    await eventually(() => ours.destroyed);
    theirs.destroy();
  });
});
