import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nginxCommand, planListening, readNginxDump } from "../../../src/plan/nginx.ts";

// A busy machine may take its time.

const listensOf = (...listens: string[]) =>
  readNginxDump(`http { server {\n${listens.map((listen) => `  listen ${listen};`).join("\n")}\n} }`).listens;

const portsOf = (...listens: string[]) => listensOf(...listens).map(({ port }) => port);

describe("the ports nginx listens on", () => {
  test.each([
    ["8000", [8000]],
    ["0.0.0.0:8000 default_server", [8000]],
    ["*:8000", [8000]],
    ["[::]:8000 ipv6only=off", [8000]],
    ["[::1]:8080", [8080]],
    ["localhost:8081", [8081]],
    ["127.0.0.1:8000 backlog=511 reuseport", [8000]],
    ["443 ssl", [443]],
    ["unix:/run/x.sock", []],
    ["unix:/run/x8000.sock default_server", []],
    // Only an address: port 80.
    ["localhost", [80]],
    ["127.0.0.1", [80]],
    ["server1", [80]],
    ["[::1]", [80]],
    ["*", [80]],
    ["127.0.0.1:9000-9002", [9000, 9001, 9002]],
    ["9000-9001", [9000, 9001]],
    // Backwards: nginx will say so.
    ["9001-9000", [9001]],
    // Nothing takes connections there.
    ["53 udp", []],
    ["  8000", [8000]],
    ["443 quic reuseport", []],
  ])("listen %s", (listen, ports) => {
    expect(portsOf(listen)).toEqual(ports);
  });

  test("each address once, in order", () => {
    const found = listensOf("9000", "8000", "[::]:8000", "0.0.0.0:9000 ssl");
    expect(found.map(({ host, port }) => `${host} ${port}`)).toEqual([
      "0.0.0.0 8000",
      ":: 8000",
      "0.0.0.0 9000",
    ]);
  });

  test("addresses of one port are in order, however they are written", () => {
    const hosts = (...listens: string[]) => listensOf(...listens).map(({ host }) => host);
    expect(hosts("[::]:8000", "8000", "127.0.0.1:8000")).toEqual(["0.0.0.0", "127.0.0.1", "::"]);
    expect(hosts("127.0.0.1:8000", "8000", "[::]:8000")).toEqual(["0.0.0.0", "127.0.0.1", "::"]);
  });

  test("a range is one of ports, all of them at its address", () => {
    for (const [listen, host] of [
      ["127.0.0.1:9098-9100", "127.0.0.1"],
      ["9098-9100", "0.0.0.0"],
      ["[::1]:9098-9100", "::1"],
    ] as const)
      expect(listensOf(listen)).toMatchObject(
        [9098, 9099, 9100].map((port) => ({ host, port, holdable: true })),
      );
  });

  test("only what is a port can be held", () => {
    const holdable = (listen: string) => listensOf(listen).map((it) => it.holdable);
    expect(holdable("0")).toEqual([false]);
    expect(holdable("1")).toEqual([true]);
    expect(holdable("65535")).toEqual([true]);
    expect(holdable("65536")).toEqual([false]);
  });

  test("readiness asks at the loopback address where nginx listens at all of them", () => {
    const { readiness } = planListening(listensOf("8000", "[::]:8000", "10.0.0.5:8001", "[fd00::1]:8002"));
    expect(readiness).toEqual({
      kind: "tcp",
      addresses: [
        { host: "127.0.0.1", port: 8000 },
        { host: "::1", port: 8000 },
        { host: "10.0.0.5", port: 8001 },
        { host: "fd00::1", port: 8002 },
      ],
    });
  });

  test("where nginx wants the header of the PROXY protocol, readiness knows it, for each directive of the address", () => {
    const listens = listensOf("8000", "8001 proxy_protocol", "8443 ssl", "8443 proxy_protocol");
    expect(planListening(listens).readiness).toEqual({
      kind: "tcp",
      addresses: [
        { host: "127.0.0.1", port: 8000 },
        { host: "127.0.0.1", port: 8001, wantsProxy: true },
        { host: "127.0.0.1", port: 8443, wantsProxy: true },
      ],
    });
  });

  test.each([
    ["8000", { host: "0.0.0.0", onlyV6: false, holdable: true }],
    ["*:8000", { host: "0.0.0.0", onlyV6: false, holdable: true }],
    ["10.0.0.5:8000", { host: "10.0.0.5", onlyV6: false, holdable: true }],
    ["[::]:8000", { host: "::", onlyV6: true, holdable: true }],
    ["[::]:8000 ipv6only=off", { host: "::", onlyV6: false, holdable: true }],
    // Only nginx knows which address that is.
    ["localhost:8000", { host: "localhost", onlyV6: false, holdable: false }],
    // nginx wants one for each worker.
    ["8000 reuseport", { host: "0.0.0.0", onlyV6: false, holdable: false }],
  ])("listen %s as an address", (listen, address) => {
    expect(listensOf(listen)).toEqual([{ ...address, port: 8000 }]);
  });

  test("an option of an address may stand in any of its directives", () => {
    expect(listensOf("8000", "8000 reuseport")).toMatchObject([{ holdable: false }]);
    expect(listensOf("[::]:8000 ipv6only=off", "[::]:8000")).toMatchObject([{ onlyV6: false }]);
  });

  test("comments and words that only look like it do not count", () => {
    const dump = [
      "# configuration file /etc/nginx/nginx.conf:",
      "# listen 1;",
      "http { # listen 2;",
      "  server { listen 8000; #listen 3;",
      "    listen\t8001\n      default_server;",
      "    location ~ a#b { }",
      "    add_header X-listen 4; set $listen 5; proxy_pass http://listen:6;",
      "    unlisten 7;",
      "    listen 8002;# the last one",
      "    listen 8003;",
      "  }",
      "}",
    ].join("\n");
    expect(readNginxDump(dump).listens.map(({ port }) => port)).toEqual([8000, 8001, 8002, 8003]);
    expect(readNginxDump("listen 8000;").listens).toHaveLength(1);
  });

  test("any text is read without an error, and gives whole numbers", () => {
    const words = fc.constantFrom(
      "listen ",
      ";",
      "[",
      "]",
      ":",
      "8000",
      "unix:",
      "\n",
      "#",
      "{",
      "daemon ",
      "on",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string())), (parts) => {
        for (const { port } of readNginxDump(parts.join("")).listens)
          expect(Number.isInteger(port)).toBe(true);
      }),
    );
  });
});

describe("`daemon` in the files", () => {
  test.each([
    ["", "daemon off;", false],
    ["events {}", "daemon off;", false],
    ["# daemon on;\nevents {}", "daemon off;", false],
    ["my_daemon on;", "daemon off;", false],
    // Given on the command line as well it would be refused as a duplicate.
    ["daemon off;\nevents {}", "", false],
    ["user x; daemon   off ;", "", false],
    ["daemon on;", "", true],
  ])("%j: on the command line %j, leaves PID 1: %j", (dump, globals, daemonizes) => {
    expect(readNginxDump(dump)).toMatchObject({ globals, daemonizes });
  });

  test("no global directives, no -g", () => {
    expect(nginxCommand("", "-T")).toEqual(["/usr/sbin/nginx", "-e", "stderr", "-T"]);
    expect(nginxCommand("daemon off;")).toEqual(["/usr/sbin/nginx", "-e", "stderr", "-g", "daemon off;"]);
  });
});
