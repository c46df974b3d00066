// HTTPS and HTTP/2 in the container, by real clients: the key is root's alone, and the pair is renewed as Kubernetes does.
import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePair } from "../support/certificates.ts";
import { type Container, createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";
import type { Echo } from "./nginx-subject.ts";
import { rawRequest } from "./raw-request.ts";
import { APPLICATION, FILES, fingerprint, HOST, handshake, SecretVolume, startTls } from "./tls-subject.ts";

/** By HTTP/1.1. Errors: the certificate is not the one that is expected. */
function ask(port: number, ca: string, headers: Record<string, string> = {}): Promise<Echo> {
  const { promise, resolve, reject } = Promise.withResolvers<Echo>();
  const options = { host: "127.0.0.1", port, ca, servername: HOST, headers: { Host: HOST, ...headers } };
  const signal = AbortSignal.timeout(30_000);
  request({ ...options, agent: new Agent({ keepAlive: false }), signal }, (response) => {
    const parts: Buffer[] = [];
    response.once("error", reject);
    response.on("data", (part: Buffer) => parts.push(part));
    response.once("end", () => {
      const text = Buffer.concat(parts).toString();
      if (response.statusCode === 200) resolve(JSON.parse(text) as Echo);
      else reject(new Error(`${response.statusCode}: ${text}`));
    });
  })
    .once("error", reject)
    .end();
  return promise;
}

const metric = async (container: Container): Promise<number> => {
  const { body } = await rawRequest(await container.port(9180), "/metrics");
  return Number(/^djinit_tls_certificate_expiry_timestamp_seconds (\S+)$/m.exec(body.toString())?.[1]);
};

describe("a Secret's volume, as root", () => {
  const volume = new SecretVolume();
  const [first, second, third] = [makePair(HOST), makePair(HOST), makePair(HOST)];
  let container: Container;
  let port: number;
  beforeAll(async () => {
    volume.give(first);
    ({ container, port } = await startTls(volume));
  });
  afterAll(async () => {
    await container?.rm();
    volume.remove();
  });

  test("the application is asked by https, whatever the client says", async () => {
    const echo = await ask(port, first.certificate, { "X-Forwarded-Proto": "http" });
    expect(echo).toMatchObject({ scheme: "https", headers: { host: HOST, "x-forwarded-proto": "https" } });
  });

  test("the plain port is as it was", async () => {
    const plain = await container.port(8000);
    const { body } = await rawRequest(plain, "/");
    expect(JSON.parse(body.toString())).toMatchObject({ scheme: "http" });
    const behind = await rawRequest(plain, "/", { headers: { "X-Forwarded-Proto": "https" } });
    expect(JSON.parse(behind.body.toString())).toMatchObject({ scheme: "https" });
  });

  test("HTTP/2: the host, the path and the body arrive", async () => {
    const session = connectHttp2(`https://127.0.0.1:${port}`, { ca: first.certificate, servername: HOST });
    const stream = session.request({
      ":authority": "Shop.example:8443",
      ":path": "/a/b?c",
      ":method": "POST",
    });
    stream.end("twelve bytes");
    const parts: Buffer[] = [];
    for await (const part of stream) parts.push(part as Buffer);
    session.close();
    expect(JSON.parse(Buffer.concat(parts).toString())).toMatchObject({
      path: "/a/b",
      method: "POST",
      bodyBytes: 12,
      scheme: "https",
      headers: { host: "Shop.example:8443" },
    });
    const records = await eventually(
      async () =>
        (await container.logs()).split("\n").find((line) => line.includes("POST /a/b?c HTTP/2.0")) ?? false,
      { what: "the request's record" },
    );
    expect(JSON.parse(String(records))).toMatchObject({
      level: "info",
      http: { response: { status_code: 200 } },
    });
  });

  test("nothing older than TLS 1.2", async () => {
    const old = { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "ALL@SECLEVEL=0" } as const;
    await expect(handshake(port, old)).rejects.toThrow();
    const socket = await handshake(port, { maxVersion: "TLSv1.2" });
    expect(socket.getCipher().name).toMatch(/^ECDHE-ECDSA-/);
    socket.destroy();
  });

  test("nginx's user may read its copy of the key; the application may read neither", async () => {
    const read = (user: string, path: string) =>
      docker(`read ${path}`, ["exec", "--user", user, container.id, "cat", path]);
    expect(await read("nginx", "/run/djinit/tls.pem")).toContain("PRIVATE KEY");
    await expect(read("django", "/run/djinit/tls.pem")).rejects.toThrow("Permission denied");
    await expect(read("django", "/etc/tls/tls.key")).rejects.toThrow("Permission denied");
  });

  test("a renewed pair is taken without a lost request, a bad one is not", async () => {
    const isTaken = (certificate: string) =>
      ask(port, certificate).then(
        () => true,
        () => false,
      );
    const before = await metric(container);
    expect(before).toBeGreaterThan(Date.now() / 1_000);
    let failed = 0;
    let answered = 0;
    let isOver = false;
    const asking = (async () => {
      while (!isOver) {
        const done = ask(port, `${first.certificate}${second.certificate}`);
        await done.then(() => answered++).catch(() => failed++);
      }
    })();
    const old = await fingerprint(port);
    volume.give(second);
    const now = await eventually(
      async () => {
        const seen = await fingerprint(port);
        return seen !== old && seen;
      },
      { what: "the new certificate", timeoutMs: 40_000, attach: () => container.logs() },
    );
    // The old workers, which have the old certificate, go on for 100 ms.
    await eventually(() => isTaken(second.certificate), {
      what: "only the new certificate",
      timeoutMs: 60_000,
    });
    await eventually(async () => answered > 10, { what: "requests", timeoutMs: 60_000 });
    isOver = true;
    await asking;
    expect({ failed, hasAnswered: answered > 10 }).toEqual({ failed: 0, hasAnswered: true });
    expect(await metric(container)).toBeGreaterThanOrEqual(before);

    volume.give({ certificate: third.certificate, key: second.key });
    await docker("reload", ["exec", container.id, "djinit", "reload"]);
    await eventually(
      async () => (await container.logs()).includes("nginx keeps the certificate that it has"),
      {
        what: "a word about the bad pair",
        timeoutMs: 60_000,
        attach: () => container.logs(),
      },
    );
    await docker("restart", ["exec", container.id, "djinit", "restart", "nginx"]);
    expect(await fingerprint(port)).toBe(now);
    // A reload takes what is good at once.
    volume.give(third);
    await docker("reload", ["exec", container.id, "djinit", "reload"]);
    await eventually(() => isTaken(third.certificate), {
      what: "the third certificate",
      timeoutMs: 60_000,
      attach: () => container.logs(),
    });
  });
});

describe("as a user of its own, on a read-only system, with trusted proxies", () => {
  const volume = new SecretVolume();
  const pair = makePair(HOST, ["rsa:2048"]);
  let container: Container;
  let port: number;
  beforeAll(async () => {
    volume.give(pair, 0o444);
    ({ container, port } = await startTls(volume, {
      user: "1000:1000",
      tmpfs: ["/tmp"],
      more: ["--read-only"],
      env: { DJINIT_TRUSTED_PROXIES: "192.0.2.0/24" },
    }));
  });
  afterAll(async () => {
    await container?.rm();
    volume.remove();
  });

  test("the application is asked by https, whatever the client says", async () => {
    const echo = await ask(port, pair.certificate, { "X-Forwarded-Proto": "http" });
    expect(echo).toMatchObject({ scheme: "https", headers: { "x-forwarded-proto": "https" } });
    const plain = await rawRequest(await container.port(8000), "/", {
      headers: { "X-Forwarded-Proto": "https" },
    });
    expect(JSON.parse(plain.body.toString())).toMatchObject({ scheme: "http" });
  });
});

test("a bad pair, and a port that is taken, end the start by name", async () => {
  const volume = new SecretVolume();
  const [pair, other] = [makePair(HOST), makePair(HOST)];
  const starts = async (env: Record<string, string> = {}) => {
    const container = await createContainer({
      image: runContext().images.djinit,
      command: ["echo:application"],
      volumes: [`${volume.path}:/etc/tls:ro`, `${APPLICATION}:/app:ro`],
      env: { SKIP_MIGRATIONS: "1", ...FILES, ...env },
    });
    await docker("start the subject", ["start", container.id]);
    const status = await docker("wait for its end", ["wait", container.id]);
    const logs = await container.logs();
    await container.rm();
    return { status: Number(status), logs };
  };
  volume.give({ certificate: pair.certificate, key: other.key });
  const mixed = await starts();
  volume.give(pair);
  const taken = await starts({ DJINIT_TLS_PORT: "8000" });
  volume.remove();
  expect(mixed.logs).toContain(
    'DJINIT_TLS_KEY is \\"/etc/tls/tls.key\\", which is not the key of that certificate',
  );
  expect(taken.logs).toContain("DJINIT_TLS_PORT is 8000, where nginx listens already: give it another port");
  expect([mixed.status, taken.status]).toEqual([78, 78]);
});
