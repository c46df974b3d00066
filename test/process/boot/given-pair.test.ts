// What is said of DJINIT_TLS_CERT and DJINIT_TLS_KEY before anything is started.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readGivenPair } from "../../../src/boot/nginx/given-pair.ts";
import type { Config } from "../../../src/config/variables.ts";
import { partsOf } from "../../../src/platform/tls/pair.ts";
import { type MadePair, makePair, withEndDate } from "../../support/certificates.ts";

const DAY_MS = 24 * 3_600_000;
let directory: string;
let one: MadePair;
let other: MadePair;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "given-pair-"));
  one = makePair("one.example");
  other = makePair("other.example");
});
afterAll(() => rmSync(directory, { recursive: true }));

const given = (certificate: string | undefined, key: string | undefined, nginx = true) =>
  readGivenPair({
    config: { tlsCertificate: certificate, tlsKey: key } as Config,
    isRoot: false,
    steps: { nginx } as Parameters<typeof readGivenPair>[0]["steps"],
  });

function read(certificate: string, key: string) {
  const paths = [join(directory, "tls.crt"), join(directory, "tls.key")] as const;
  writeFileSync(paths[0], certificate);
  writeFileSync(paths[1], key);
  return given(...paths);
}

/** What is said, without the directory. */
function problems(certificate: string, key: string): string[] {
  const said = read(certificate, key);
  if (!Array.isArray(said)) throw new Error("it is a good pair");
  return said.map(({ problem }) => problem.replaceAll(`${directory}/`, ""));
}

const CERT = 'DJINIT_TLS_CERT is "tls.crt", ';
const KEY = 'DJINIT_TLS_KEY is "tls.key", ';

test("a pair, with an intermediate certificate and text around them", () => {
  const pair = read(
    `Subject: CN = one\n${one.certificate}\nIssuer\n${other.certificate}`,
    `# key\n${one.key}`,
  );
  expect(pair).toMatchObject({ pair: { text: `${one.certificate}${other.certificate}${one.key}` } });
});

test("both in one file", () => {
  const both = `${one.key}${one.certificate}`;
  expect(read(both, both)).toMatchObject({ pair: { text: `${one.certificate}${one.key}` } });
});

test("an RSA key, in the older form too", () => {
  const rsa = makePair("rsa.example", ["rsa:2048"]);
  expect(read(rsa.certificate, rsa.key)).toHaveProperty("pair");
});

test("no TLS, or no nginx here", () => {
  expect(given(undefined, undefined)).toBeUndefined();
  expect(given("/none", undefined, false)).toBeUndefined();
});

test("one without the other", () => {
  expect(given("/tls.crt", undefined)).toEqual([
    {
      variable: "DJINIT_TLS_KEY",
      problem: "DJINIT_TLS_CERT is set but DJINIT_TLS_KEY is not: TLS takes both",
    },
  ]);
  expect(given(undefined, "/tls.key")).toMatchObject([{ variable: "DJINIT_TLS_CERT" }]);
});

test("what cannot be read, both at once", () => {
  mkdirSync(join(directory, "folder"));
  const said = given(join(directory, "none"), join(directory, "folder"));
  expect(said).toMatchObject([
    { variable: "DJINIT_TLS_CERT", problem: expect.stringContaining("which cannot be read: ENOENT") },
    {
      variable: "DJINIT_TLS_KEY",
      problem: expect.stringContaining("which cannot be read: it is a directory, not a file"),
    },
  ]);
});

test("what is neither", () => {
  expect(problems("hello", "hello")).toEqual([
    `${CERT}which has no certificate: give the server's in PEM form, then the intermediate ones`,
    `${KEY}which has no private key: give it in PEM form`,
  ]);
});

test("a certificate and the key of another one", () => {
  expect(problems(one.certificate, other.key)).toEqual([
    `${KEY}which is not the key of that certificate: give the two that were made together`,
  ]);
});

test("the server's certificate behind another one", () => {
  expect(problems(`${other.certificate}${one.certificate}`, one.key)).toEqual([
    `${CERT}where the key's certificate is number 2: put the server's own first`,
  ]);
});

test("an encrypted key", () => {
  const locked = makePair("one.example", undefined, ["-passout", "pass:hunter2"]);
  expect(problems(locked.certificate, locked.key)).toEqual([
    `${KEY}which is encrypted, and nobody can type its password here: decrypt it with \`openssl pkey -in KEY -out NEW\``,
  ]);
});

test("a damaged certificate", () => {
  const damaged = one.certificate.replace(/\n.{8}/, "\nAAAAAAAA");
  expect(problems(damaged, one.key)).toEqual([expect.stringMatching(/^DJINIT_TLS_CERT .* damaged: /)]);
});

test("a certificate with a date that is none", () => {
  expect(problems(withEndDate(one.certificate, "XX"), one.key)).toEqual([
    expect.stringMatching(/^DJINIT_TLS_CERT .*, which has ".*" for a date: have it made anew$/),
  ]);
});

test("a file of nothing but beginnings is read at once", () => {
  // Larger than any that is read, so that time which grows with the square shows on any machine.
  const many = (mark: string) => `${mark}\n`.repeat(40_000);
  const began = performance.now();
  const parts = partsOf({
    certificate: many("-----BEGIN CERTIFICATE-----"),
    key: many("-----BEGIN PRIVATE KEY-----"),
  });
  expect(parts).toMatchObject({ certificates: [], key: undefined });
  expect(performance.now() - began).toBeLessThan(3_000);
});

test("a key that nginx would refuse as too short", () => {
  const short = makePair("one.example", ["rsa:1024"]);
  expect(problems(short.certificate, short.key)).toEqual([
    expect.stringMatching(/^DJINIT_TLS_CERT is "tls\.crt", which cannot be used: .*too small/i),
  ]);
});

test("a certificate that has ended, or has not begun", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  try {
    vi.setSystemTime(Date.now() + 11 * DAY_MS);
    expect(problems(one.certificate, one.key)).toEqual([
      expect.stringMatching(/^DJINIT_TLS_CERT .*, which has ended at \d{4}-.*Z: renew the certificate$/),
    ]);
    vi.setSystemTime(Date.now() - 20 * DAY_MS);
    expect(problems(one.certificate, one.key)).toEqual([
      expect.stringMatching(/^DJINIT_TLS_CERT .*, which begins at .*Z, later than now/),
    ]);
  } finally {
    vi.useRealTimers();
  }
});
