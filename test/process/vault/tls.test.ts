import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sender } from "../../../src/vault/transport.ts";
import { ROOT_TOKEN, VaultStandIn } from "../../support/vault-server.ts";

const CALL = { method: "GET", path: "secret/data/app", token: ROOT_TOKEN } as const;

let vault: VaultStandIn;
let authority: string;
beforeAll(async () => {
  const directory = mkdtempSync(join(tmpdir(), "vault-tls-"));
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  const subject = ["-subj", "/CN=vault.internal", "-addext", "subjectAltName=DNS:vault.internal"];
  const made = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-days",
    "2",
  ];
  execFileSync("openssl", [...made, ...subject, "-keyout", key, "-out", certificate], { stdio: "pipe" });
  authority = readFileSync(certificate, "utf8");
  vault = await VaultStandIn.start({
    tls: { key: readFileSync(key, "utf8"), cert: authority },
    values: { "secret/app": { KEY: "v" } },
  });
});
afterAll(() => vault.close());

const ask = (more: { authority?: string; serverName?: string }) =>
  sender({ address: vault.address, ...more }, 2_000)(CALL);

test("a certificate of VAULT_CACERT, with the name that is expected, is accepted", async () => {
  expect(await ask({ authority, serverName: "vault.internal" })).toMatchObject({
    data: { data: { KEY: "v" } },
  });
});

test("an unknown authority, and another name, are refused before the token is sent", async () => {
  const before = vault.seen.length;
  await expect(ask({ serverName: "vault.internal" })).rejects.toMatchObject({ kind: "refused" });
  await expect(ask({ authority })).rejects.toMatchObject({ kind: "refused" });
  await expect(ask({ authority, serverName: "other.internal" })).rejects.toMatchObject({ kind: "refused" });
  expect(vault.seen.length).toBe(before);
});

test("a variable for Node does not switch the check off", async () => {
  process.env["VAULT_SKIP_VERIFY"] = "1";
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  try {
    await expect(ask({ serverName: "vault.internal" })).rejects.toMatchObject({ kind: "refused" });
  } finally {
    delete process.env["VAULT_SKIP_VERIFY"];
    delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
  }
});

test("a standby may send on to the active server, but not from https to http, and not for ever", async () => {
  const active = await VaultStandIn.start({ values: { "secret/app": { KEY: "of the active one" } } });
  const standby = createServer((request, response) => {
    const to = request.url?.endsWith("loop") ? request.url : `${active.address}${request.url}`;
    response.writeHead(307, { location: to }).end();
  });
  await new Promise<void>((resolve) => standby.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(standby.address() as AddressInfo).port}`;
  expect(await sender({ address }, 2_000)(CALL)).toMatchObject({
    data: { data: { KEY: "of the active one" } },
  });
  const loop = sender({ address }, 2_000)({ ...CALL, path: "secret/loop" });
  await expect(loop).rejects.toMatchObject({ kind: "unreachable", status: 307 });
  standby.close();
  await active.close();
});

test("what is not Vault, and what never answers, is unreachable", async () => {
  const other = createServer((request, response) => {
    if (request.url?.endsWith("silent")) return;
    response.end(request.url?.endsWith("endless") ? Buffer.alloc(2 * 1024 * 1024, 32) : "<html>");
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  const of = (path: string) => sender({ address }, 300)({ ...CALL, path });
  await expect(of("x")).rejects.toThrow("is no JSON");
  await expect(of("silent")).rejects.toThrow("no answer");
  await expect(of("endless")).rejects.toThrow("larger than 1024 KiB");
  other.closeAllConnections();
  other.close();
});
