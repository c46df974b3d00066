// The PROXY protocol, by real headers of both versions: who the client is, from whom that counts, and that the plain port is as it was.
import { once } from "node:events";
import { connect, isIPv6, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePair } from "../support/certificates.ts";
import { type Echo, type NginxSubject, startSubject } from "./nginx-subject.ts";

const PORT = 8001;
const TLS_PORT = 8443;
const CLIENT = "198.51.100.7";
/** What a client may write into its request, which no balancer of connections removes. */
const CLAIMS = {
  "X-Forwarded-For": "203.0.113.1",
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "evil.example",
  "X-Real-IP": "203.0.113.1",
};
const SIGNATURE = Buffer.from("0d0a0d0a000d0a515549540a", "hex");
/** The engine's networks: the peer of whoever asks from the host. */
const NETWORKS = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16";
const pair = makePair("shop.example");

const version1 = (client: string) =>
  Buffer.from(
    `PROXY ${isIPv6(client) ? "TCP6" : "TCP4"} ${client} ${isIPv6(client) ? "::1" : "192.0.2.1"} 1024 443\r\n`,
  );

/** `address`: source and destination, as bytes. Without one it is the balancer's own check (LOCAL). */
function version2(address?: Buffer): Buffer {
  const family = address?.length === 32 ? 0x21 : 0x11;
  const head = address === undefined ? [0x20, 0, 0, 0] : [0x21, family, 0, address.length + 4];
  const ports = Buffer.from([4, 0, 1, 0xbb]);
  return Buffer.concat([SIGNATURE, Buffer.from(head), ...(address === undefined ? [] : [address, ports])]);
}
const V4 = Buffer.from([198, 51, 100, 7, 192, 0, 2, 1]);
const V6 = Buffer.from(`${"20010db8000000000000000000000007"}${"00000000000000000000000000000001"}`, "hex");

async function speak(socket: Socket, path: string): Promise<string> {
  const headers = Object.entries({ Host: "shop.example", Connection: "close", ...CLAIMS });
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  const parts: Buffer[] = [];
  socket.on("data", (part: Buffer) => parts.push(part));
  await once(socket, "close");
  return Buffer.concat(parts).toString();
}

async function open(subject: NginxSubject, port: number, header: Buffer): Promise<Socket> {
  const socket = connect(await subject.container.port(port), "127.0.0.1");
  socket.setTimeout(20_000, () => socket.destroy(new Error("no answer")));
  await once(socket, "connect");
  socket.write(header);
  return socket;
}

function echoOf(answer: string): Echo {
  return JSON.parse(/\{.*\}/s.exec(answer)?.[0] ?? answer) as Echo;
}

const ask = async (subject: NginxSubject, header: Buffer, path = "/") =>
  echoOf(await speak(await open(subject, PORT, header), path));

const TOLD = {
  scheme: "http",
  remoteAddress: CLIENT,
  headers: { "x-forwarded-for": CLIENT, "x-forwarded-proto": "http", "x-real-ip": CLIENT },
};

describe("from a balancer that is trusted", () => {
  let subject: NginxSubject;
  /** As nginx sees this test. */
  let peer: string;
  beforeAll(async () => {
    const tls = { DJINIT_TLS_CERT: "/etc/tls/pair.pem", DJINIT_TLS_KEY: "/etc/tls/pair.pem" };
    const proxy = { DJINIT_PROXY_PROTOCOL: "1", DJINIT_TRUSTED_PROXIES: NETWORKS };
    const files = { "/etc/tls/pair.pem": `${pair.certificate}${pair.key}` };
    subject = await startSubject(files, 8000, undefined, { ...tls, ...proxy }, [PORT, TLS_PORT]);
    peer = (await subject.echo("/")).remoteAddress;
  });
  afterAll(() => subject?.remove());

  test.each([
    ["version 1", version1(CLIENT)],
    ["version 2", version2(V4)],
  ])(
    "%s: the application and the log know the client, whose own words do not count",
    async (name, header) => {
      const path = `/${name.replace(" ", "-")}/`;
      const echo = await ask(subject, header, path);
      expect(echo).toMatchObject(TOLD);
      expect(echo.headers).not.toHaveProperty("x-forwarded-host");
      const [record] = await subject.records(path);
      expect(record).toMatchObject({ client: { address: CLIENT } });
    },
  );

  test.each([
    ["version 1", version1("2001:db8::7")],
    ["version 2", version2(V6)],
  ])("%s, of IPv6", async (_, header) => {
    expect(await ask(subject, header)).toMatchObject({ remoteAddress: "2001:db8::7" });
  });

  test.each([
    ["LOCAL", version2()],
    ["UNKNOWN", Buffer.from("PROXY UNKNOWN\r\n")],
  ])("%s: the balancer's own check is the balancer's, and nothing else of it counts", async (_, header) => {
    const echo = await ask(subject, header);
    expect(echo).toMatchObject({ scheme: "http", remoteAddress: peer, headers: { "x-forwarded-for": peer } });
    expect(echo.headers).not.toHaveProperty("x-forwarded-host");
  });

  test("at the port of TLS, before the handshake", async () => {
    const socket = await open(subject, TLS_PORT, version2(V4));
    const secure = connectTls({ socket, ca: pair.certificate, servername: "shop.example" });
    await once(secure, "secureConnect");
    expect(echoOf(await speak(secure, "/"))).toMatchObject({ scheme: "https", remoteAddress: CLIENT });
  });

  test("a client that does not speak it gets no answer at either port, and one record says why", async () => {
    for (const port of [PORT, TLS_PORT]) {
      const answer = speak(await open(subject, port, Buffer.alloc(0)), "/unspoken/");
      expect(await answer.catch(({ code }: NodeJS.ErrnoException) => code)).toMatch(/^(ECONNRESET)?$/);
      await subject.container.record(
        `the broken header at ${port}`,
        ({ level, msg }) =>
          level === "error" && msg.includes('broken header: "GET /unspoken/') && msg.includes(`:${port}`),
      );
    }
    // PID 1 has asked each port whether nginx takes connections.
    const broken = (await subject.container.records()).filter(({ msg }) => msg.includes("broken header"));
    expect(broken).toHaveLength(2);
  });

  test("the usual port takes it of nobody, and believes a trusted proxy's headers as ever", async () => {
    const { scheme, headers } = await subject.echo("/", { headers: { "X-Forwarded-Proto": "https" } });
    expect([scheme, headers["x-forwarded-for"]]).toEqual(["https", peer]);
    expect(await speak(await open(subject, 8000, version1(CLIENT)), "/")).toMatch(/^HTTP\/1\.1 400 /);
  });
});

test("from anybody else: the peer is the client", async () => {
  const proxy = { DJINIT_PROXY_PROTOCOL: "1", DJINIT_TRUSTED_PROXIES: "192.0.2.0/24" };
  const subject = await startSubject({}, 8000, undefined, proxy, [PORT]);
  try {
    const { remoteAddress: peer } = await subject.echo("/");
    const echo = await ask(subject, version1(CLIENT));
    expect(echo).toMatchObject({ remoteAddress: peer, headers: { "x-forwarded-for": peer } });
    // Who claims to be a proxy in the list is none.
    const claims = await ask(subject, version1("192.0.2.7"));
    expect(claims).toMatchObject({ scheme: "http", remoteAddress: peer });
    expect(claims.headers).not.toHaveProperty("x-forwarded-host");
  } finally {
    await subject.remove();
  }
});
