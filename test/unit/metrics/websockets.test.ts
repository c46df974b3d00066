import { once } from "node:events";
import { mkdirSync, symlinkSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { collectGunicorn } from "../../../src/metrics/gunicorn.ts";
import { collectWebsockets, readWebsockets } from "../../../src/metrics/websockets.ts";
import { printed } from "../../support/printed-metrics.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const { path, write } = temporaryDirectory();

/** As the workers write it: always of the same length. */
const report = (count: number, oldest: number) =>
  `${String(count).padStart(10)} ${oldest.toFixed(3).padStart(20)}\n`;

describe("open WebSockets", () => {
  test("are those of the workers that live, and the oldest is the oldest of them all", () => {
    write("10.websockets", report(3, 1_000.5));
    write("11.websockets", report(500, 900.25));
    write("12.websockets", report(0, 0));
    write("13.websockets", report(7, 1));
    expect(readWebsockets(path, [10, 11, 12, 99])).toEqual({ count: 503, oldestSeconds: 900.25 });
    expect(readWebsockets(path, [12])).toEqual({ count: 0, oldestSeconds: undefined });
    expect(readWebsockets(path, [99])).toBeUndefined();
  });

  test("whatever else lies there is no report", () => {
    mkdirSync(join(path, "20.websockets"));
    write("elsewhere", report(1, 1));
    symlinkSync(join(path, "elsewhere"), join(path, "21.websockets"));
    write("22.websockets", `${report(1, 1)}${" ".repeat(64)}`);
    write("23.websockets", "-1 NaN\n");
    write("24.websockets", "");
    write("25.websockets", report(9_999_999_999, 1));
    expect(readWebsockets(path, [20, 21, 22, 23, 24, 25])).toBeUndefined();
  });

  test("are two gauges, and none where no worker tells", async () => {
    expect(await printed(collectWebsockets({ count: 2, oldestSeconds: 90 }, 100))).toEqual(
      new Map([
        ["gunicorn_websockets", 2],
        ["gunicorn_websocket_oldest_age_seconds", 10],
      ]),
    );
    const none = await printed(collectWebsockets({ count: 0, oldestSeconds: undefined }, 100));
    expect(none.get("gunicorn_websocket_oldest_age_seconds")).toBe(0);
    expect(collectWebsockets(undefined, 100)).toEqual([]);
  });

  test("make no worker busy, even where they are more than the connections that the kernel knows", async () => {
    const socket = join(path, "gunicorn.sock");
    const server = createServer();
    await new Promise<void>((listening) => server.listen(socket, listening));
    const accepted = once(server, "connection");
    const client = connect(socket);
    await accepted;
    const busy = async (websockets: number) =>
      (await printed(collectGunicorn(2, socket, websockets))).get("gunicorn_workers_busy");
    expect([await busy(0), await busy(1), await busy(5)]).toEqual([1, 0, 0]);
    client.destroy();
    server.close();
  });
});
