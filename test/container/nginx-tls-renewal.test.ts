// Renewals that go wrong: the old pair serves on, one record says why, and the next good pair is taken. On a small /run of its own.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MadePair, makePair, withEndDate } from "../support/certificates.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { fingerprint, HOST, SecretVolume, startTls } from "./tls-subject.ts";

const volume = new SecretVolume();
const pairs: MadePair[] = [];
let container: Container;
let port: number;

beforeAll(async () => {
  for (let made = 0; made < 4; made++) pairs.push(makePair(HOST));
  volume.give(pairs[0] as MadePair);
  ({ container, port } = await startTls(volume, { tmpfs: ["/run:size=16m,mode=755"] }));
});
afterAll(async () => {
  await container?.rm();
  volume.remove();
});

const pair = (at: number): MadePair => pairs[at] as MadePair;
const KEEPS = "nginx keeps the certificate that it has: ";

async function said(start: string): Promise<string[]> {
  const records = await container.records();
  return records.filter(({ level, msg }) => level === "warn" && msg.startsWith(start)).map(({ msg }) => msg);
}

async function isTaken(old: string): Promise<void> {
  await eventually(async () => (await fingerprint(port)) !== old, {
    what: "the new certificate",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
}

const half = (text: string): string => text.slice(0, text.length / 2);

test.each<[string, () => MadePair, string]>([
  [
    "another's key",
    () => ({ ...pair(1), key: pair(2).key }),
    "which is not the key of that certificate: give the two that were made together",
  ],
  [
    "half of a certificate",
    () => ({ ...pair(1), certificate: half(pair(1).certificate) }),
    "which has no certificate: give the server's in PEM form, then the intermediate ones",
  ],
  [
    "half of a key",
    () => ({ ...pair(1), key: half(pair(1).key) }),
    "which has no private key: give it in PEM form",
  ],
  [
    "a certificate that has ended",
    () => ({ ...pair(1), certificate: withEndDate(pair(1).certificate, "20") }),
    "which has ended at 2020-",
  ],
  [
    "an encrypted key",
    () => makePair(HOST, undefined, ["-passout", "pass:of-a-test"]),
    "decrypt it with `openssl pkey -in KEY -out NEW`",
  ],
])(
  "%s: told of once, by its variable and with the way out, and nginx starts with the old pair",
  async (_, give, why) => {
    const old = await fingerprint(port);
    const before = (await said(KEEPS)).length;
    volume.give(give());
    for (let round = 0; round < 2; round++) await container.output(["djinit", "reload"]);
    await container.output(["djinit", "restart", "nginx"]);
    expect(await fingerprint(port)).toBe(old);
    const now = (await said(KEEPS)).slice(before);
    expect(now).toEqual([expect.stringMatching(/DJINIT_TLS_(CERT|KEY) is "\/etc\/tls\/tls\.(crt|key)", /)]);
    expect(now[0]).toContain(why);
  },
  120_000,
);

test("the next good pair is taken, by itself", async () => {
  const old = await fingerprint(port);
  volume.give(pair(1));
  await isTaken(old);
}, 120_000);

test("a full /run: the old pair serves on, reloads and status go on, and the new one is taken when there is room", async () => {
  const old = await fingerprint(port);
  // To the last byte.
  const fill = "cat /dev/zero > /run/full; cat /dev/zero >> /run/full; true";
  await container.exec(["sh", "-c", fill], { user: "root" });
  // What others give up of their room meanwhile, a page or two, is not enough for so long a chain.
  const chain = pairs.map(({ certificate }) => certificate).join("");
  volume.give({ ...pair(2), certificate: pair(2).certificate + chain.repeat(15) });
  await eventually(async () => (await said(KEEPS)).some((msg) => msg.includes("ENOSPC")), {
    what: "a word about the full /run",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  for (const words of ["reload", "status"]) await container.output(["djinit", words]);
  expect(await fingerprint(port)).toBe(old);
  expect((await http(await container.url())).status).toBe(200);
  expect((await said(KEEPS)).filter((msg) => msg.includes("ENOSPC"))).toEqual([
    expect.stringContaining("; make room in /run/djinit, or give it more: it is tried again"),
  ]);
  // Of a key there is no half.
  const list = await container.output(["ls", "/run/djinit"], { user: "root" });
  expect(list.split("\n").filter((name) => name.startsWith("tls."))).toEqual(["tls.pem"]);
  await container.output(["rm", "/run/full"], { user: "root" });
  await isTaken(old);
  const severe = (await container.records()).filter(({ level }) => level === "error" || level === "fatal");
  expect(severe).toEqual([]);
}, 180_000);

test("no key is in a log", async () => {
  const logs = await container.logs();
  for (const { key } of pairs)
    for (const line of key.split("\n").slice(1, -2)) expect(logs).not.toContain(line);
  expect(await container.stop()).toBe(0);
}, 120_000);
