// Who the client is: for the application, for the access log, and what a peer that is no proxy may say about it.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Container, runContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import type { LogRecord } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { type Echo, type Files, type NginxSubject, startSubject } from "./nginx-subject.ts";

/** Sends one request with the headers that it is given as JSON, and prints the answer's body. */
const ASK = `
import http.client, json, sys
host, path, headers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
port = int(sys.argv[4])
connection = http.client.HTTPConnection(host, port, timeout=20)
connection.request("GET", path, headers=headers)
sys.stdout.write(connection.getresponse().read().decode())
`;

/** What a client can say about itself, beside X-Forwarded-For and X-Forwarded-Proto. */
const CLAIMS = {
  Forwarded: "for=192.0.2.7;proto=https",
  "X-Forwarded-Host": "evil.example",
  "X-Forwarded-Port": "443",
  "X-Forwarded-Prefix": "/admin",
  "X-Forwarded-User": "root",
  "Remote-User": "root",
  "X-SSL-Client-Verify": "SUCCESS",
  "X-Client-IP": "192.0.2.7",
  "X-Cluster-Client-IP": "192.0.2.7",
  "True-Client-IP": "192.0.2.7",
  "CF-Connecting-IP": "192.0.2.7",
  "X-Authentik-Username": "root",
  "X-MS-Client-Principal-Name": "root",
  "Tailscale-User-Login": "root",
  "X-Consumer-Username": "root",
  "X-Consumer-Groups": "admin",
  "X-Amzn-Mtls-Clientcert-Subject": "CN=root",
  "X-Forwarded-Tls-Client-Cert-Info": "CN=root",
  "Client-Cert": ":cm9vdA==:",
};
/** Of DJINIT_TRUSTED_HEADERS. One of them is in the image's list as well. */
const OWN = { "X-Shop-User": "root", "x-tenant": "evil", "Remote-User": "root" };
const NAMES = Object.keys(CLAIMS).map((name) => name.toLowerCase());

interface Peer {
  address: string;
  ask(of: NginxSubject, headers?: Record<string, string>, path?: string, port?: number): Promise<Echo>;
}

const containers: Container[] = [];
afterAll(() => Promise.all(containers.map((container) => container.rm())));

async function startPeer(): Promise<Peer> {
  const { djinit: image } = runContext().images;
  const container = await runContainer({ image, entrypoint: "sleep", command: ["infinity"], publish: [] });
  containers.push(container);
  return {
    address: await container.ip(),
    ask: async ({ container: { name } }, headers = {}, path = "/", port = 8000) => {
      const answer = await container.output([
        "python3",
        "-c",
        ASK,
        name,
        path,
        JSON.stringify(headers),
        `${port}`,
      ]);
      return JSON.parse(answer) as Echo;
    },
  };
}

async function startWith(env: Record<string, string>, files: Files = {}): Promise<NginxSubject> {
  const subject = await startSubject(files, 8000, undefined, env);
  onTestFinished(() => subject.remove());
  return subject;
}

async function loggedAddress(subject: NginxSubject, path: string): Promise<unknown> {
  const [record] = await subject.records(path);
  const { address } = (record?.["client"] ?? {}) as { address?: string };
  return address;
}

let proxy: Peer;
let stranger: Peer;
beforeAll(async () => {
  [proxy, stranger] = await Promise.all([startPeer(), startPeer()]);
});

describe("without DJINIT_TRUSTED_PROXIES", () => {
  let subject: NginxSubject;
  beforeAll(async () => {
    subject = await startSubject();
  });
  afterAll(() => subject?.remove());

  test("REMOTE_ADDR is the peer's address, whatever it says", async () => {
    const echo = await stranger.ask(subject, { ...CLAIMS, "X-Forwarded-For": "192.0.2.7" }, "/peer");
    expect(echo.remoteAddress).toBe(stranger.address);
    expect(await loggedAddress(subject, "/peer")).toBe(stranger.address);
  });

  test("the headers pass as they always have", async () => {
    const headers = { ...CLAIMS, "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https" };
    const echo = await stranger.ask(subject, headers);
    expect(echo.headers).toMatchObject({
      ...Object.fromEntries(Object.entries(CLAIMS).map(([name, value]) => [name.toLowerCase(), value])),
      "x-forwarded-for": `192.0.2.7, ${stranger.address}`,
      "x-forwarded-proto": "https",
    });
    expect(echo.scheme).toBe("https");
    expect(echo.headers).not.toHaveProperty("x-real-ip");
  });

  test.each(["192.0.2.7", " 192.0.2.7", "1 192.0.2.7", "0 unix:"])(
    "djinit's own header cannot be forged, and is not seen: %j",
    async (value) => {
      const echo = await stranger.ask(subject, { "X-Djinit-Client": value });
      expect(echo.remoteAddress).toBe(stranger.address);
      expect(Object.keys(echo.headers).filter((name) => name.includes("djinit"))).toEqual([]);
    },
  );
});

describe("with DJINIT_TRUSTED_PROXIES", () => {
  let subject: NginxSubject;
  beforeAll(async () => {
    const DJINIT_TRUSTED_PROXIES = `fd00::/8 2001:db8::1,${proxy.address}/32, 192.0.2.128/25`;
    subject = await startSubject({}, 8000, undefined, {
      DJINIT_TRUSTED_PROXIES,
      DJINIT_TRUSTED_HEADERS: Object.keys(OWN).join(", "),
    });
  });
  afterAll(() => subject?.remove());

  test.each([
    ["one client", "198.51.100.7", "198.51.100.7"],
    ["a client that made one up", "203.0.113.9, 198.51.100.7", "198.51.100.7"],
    ["another proxy before it", "203.0.113.9, 198.51.100.7, 192.0.2.200", "198.51.100.7"],
    ["a client of IPv6", "2001:db8::7", "2001:db8::7"],
    ["a client of IPv6 and a proxy", "2001:db8::7, fd12::1, 2001:db8::1", "2001:db8::7"],
    ["a client with its port", "198.51.100.7:4711", "198.51.100.7"],
  ])("a proxy's X-Forwarded-For is believed: %s", async (_, forwarded, client) => {
    const path = `/from/${encodeURIComponent(forwarded)}`;
    const echo = await proxy.ask(subject, { "X-Forwarded-For": forwarded }, path);
    expect(echo.remoteAddress).toBe(client);
    expect(echo.headers["x-forwarded-for"]).toBe(`${forwarded}, ${proxy.address}`);
    expect(await loggedAddress(subject, path)).toBe(client);
  });

  test("what else a proxy says is passed on", async () => {
    const headers = { ...CLAIMS, "X-Forwarded-Proto": "https", "X-Real-IP": "198.51.100.7" };
    const echo = await proxy.ask(subject, headers);
    for (const [name, value] of Object.entries(headers))
      expect(echo.headers[name.toLowerCase()], name).toBe(value);
    expect([echo.scheme, echo.remoteAddress]).toEqual(["https", proxy.address]);
  });

  test("headers that the project names pass from a proxy alone, and others from anybody", async () => {
    const own = { ...OWN, "X-Other": "free" };
    const [said, forged] = await Promise.all([proxy, stranger].map((peer) => peer.ask(subject, own)));
    expect(said?.headers).toMatchObject({
      "x-shop-user": "root",
      "x-tenant": "evil",
      "remote-user": "root",
      "x-other": "free",
    });
    expect(forged?.headers).toMatchObject({ "x-other": "free" });
    for (const name of Object.keys(OWN)) expect(forged?.headers).not.toHaveProperty(name.toLowerCase());
  });

  test("what a proxy does not say is not made up", async () => {
    const { headers, scheme, remoteAddress } = await proxy.ask(subject);
    for (const name of [...NAMES, "x-forwarded-proto", "x-real-ip"]) expect(headers).not.toHaveProperty(name);
    expect([scheme, remoteAddress, headers["x-forwarded-for"]]).toEqual([
      "http",
      proxy.address,
      proxy.address,
    ]);
  });

  test("of a stranger nginx's own knowledge alone arrives", async () => {
    const echo = await stranger.ask(
      subject,
      { ...CLAIMS, "X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https", "X-Real-IP": "192.0.2.7" },
      "/stranger",
    );
    for (const name of NAMES) expect(echo.headers).not.toHaveProperty(name);
    expect(echo.headers).toMatchObject({
      "x-forwarded-for": stranger.address,
      "x-forwarded-proto": "http",
      "x-real-ip": stranger.address,
    });
    expect([echo.scheme, echo.remoteAddress]).toEqual(["http", stranger.address]);
    expect(await loggedAddress(subject, "/stranger")).toBe(stranger.address);
  });

  test("nginx has nothing to complain of", async () => {
    const records = await subject.container.records();
    expect(records.filter(({ service, level }) => service === "nginx" && level !== "info")).toEqual([]);
  });
});

describe("where nginx's word is missing", () => {
  const ROOT = "/etc/nginx/conf.d/django.conf.d/locations/root.conf";

  test("a location of your own: REMOTE_ADDR is empty as before, and no client can fill it", async () => {
    const subject = await startWith({}, { [ROOT]: "location / { proxy_pass http://gunicorn; }\n" });
    const echo = await stranger.ask(subject, { "X-Djinit-Client": " 192.0.2.7" });
    expect(echo.remoteAddress).toBe("");
    expect(Object.keys(echo.headers).filter((name) => name.includes("djinit"))).toEqual([]);
  });

  test("gunicorn at a port of its own keeps the peer's address", async () => {
    const binds = "--bind unix:/run/gunicorn/gunicorn.sock --bind 0.0.0.0:9000";
    const subject = await startWith({ GUNICORN_CMD_ARGS: binds });
    const echo = await stranger.ask(subject, { "X-Djinit-Client": " 192.0.2.7" }, "/", 9000);
    expect(echo.remoteAddress).toBe(stranger.address);
    expect((await stranger.ask(subject)).remoteAddress).toBe(stranger.address);
  });
});

test("a reload keeps the key, and a restart of the container renews it", async () => {
  const subject = await startWith({});
  const { container } = subject;
  const key = () => container.output(["cat", "/run/djinit/nginx-client-key.conf"]);
  const isBoot = ({ msg }: LogRecord) => msg.startsWith("Booting worker");
  const isReady = ({ msg }: LogRecord) => msg.startsWith("ready: ");
  const before = await key();
  expect(before).toMatch(/^1 [0-9a-f]{32};$/);
  await container.signal("HUP");
  await until(container, "a worker with the new code", isBoot, 2);
  for (const _ of Array(20).keys())
    expect((await stranger.ask(subject)).remoteAddress).toBe(stranger.address);
  expect(await key()).toBe(before);
  await docker("restart the subject", ["restart", container.id]);
  await until(container, "readiness once more", isReady, 2);
  expect(await key()).not.toBe(before);
  expect((await stranger.ask(subject)).remoteAddress).toBe(stranger.address);
});

function until(container: Container, what: string, matches: (record: LogRecord) => boolean, count: number) {
  return eventually(async () => (await container.records()).filter(matches).length === count, {
    what,
    timeoutMs: 30_000,
    attach: () => container.logs(),
  });
}
