import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import * as ours from "../../../../src/boot/postgres/pg-crypto.ts";

const require = createRequire(import.meta.url);
/** pg's own, which the bundles leave out. */
const theirs = require(join(dirname(require.resolve("pg")), "crypto/utils.js"));

const SALT = Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64");
const KEY = Buffer.alloc(32, 7);

test("there is all that pg's own has", () => {
  expect(Object.keys(ours).sort()).toEqual(Object.keys(theirs).sort());
  expect(ours.randomBytes(18)).toHaveLength(18);
  expect(ours.randomBytes(18)).not.toEqual(ours.randomBytes(18));
});

test.each<[keyof typeof ours, unknown[]]>([
  ["md5", ["a password"]],
  ["md5", [Buffer.from([0, 255, 128])]],
  ["postgresMd5PasswordHash", ["cakes", "p\u00e4ss", Buffer.from([1, 2, 3, 255])]],
  ["sha256", [KEY]],
  ["hashByName", ["SHA-256", KEY]],
  ["hashByName", ["SHA-384", KEY]],
  ["hashByName", ["SHA-512", KEY]],
  ["hmacSha256", [KEY, "Client Key"]],
  ["deriveKey", ["pencil", SALT, 4_096]],
])("%s has the result of pg's own", async (name, given) => {
  const [own, other] = await Promise.all([ours, theirs].map((it) => it[name](...given)));
  expect(typeof own === "string" ? own : Buffer.from(own)).toEqual(
    typeof other === "string" ? other : Buffer.from(other),
  );
});

test("the proof of RFC 7677's example", async () => {
  const salted = await ours.deriveKey("pencil", SALT, 4_096);
  const message =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const server = await ours.hmacSha256(await ours.hmacSha256(salted, "Server Key"), message);
  expect(server.toString("base64")).toBe("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
});
