// The calls of Vault's HTTP API that djinit makes. OpenBao has the same.
import { VaultFailure } from "./failure.ts";
import type { Lease, Login, Secret, Token, VaultServer } from "./state.ts";
import { type Send, sender } from "./transport.ts";
import { unwrapSecretId } from "./unwrap.ts";

export interface VaultClient {
  /** Errors of all: VaultFailure. `secretOf` reads what lies in a file. */
  logIn(login: Login): Promise<Token>;
  /** The secret ID in a wrapping token, which is used up by that. */
  unwrap(wrapping: string, mount: string): Promise<string>;
  read(path: string, token: string): Promise<Secret>;
  renew(id: string, fullMs: number, token: string): Promise<Lease>;
  renewToken(fullMs: number, token: string): Promise<Lease>;
  revoke(id: string, token: string): Promise<void>;
  revokeToken(token: string): Promise<void>;
}

export interface ClientOptions {
  timeoutMs: number;
  nowMs: () => number;
  /** The text of a file of secrets. */
  readFile: (path: string) => string;
}

export function vaultClient(server: VaultServer, options: ClientOptions): VaultClient {
  const send = sender(server, options.timeoutMs);
  const granted = (seconds: unknown, renewable: unknown, fullMs?: number): Lease =>
    leaseOf(seconds, renewable, options.nowMs(), fullMs);
  return {
    logIn: (login) => logIn(login, send, granted, options.readFile),
    unwrap: (wrapping, mount) => unwrapSecretId(wrapping, mount, send),
    read: (path, token) => read(path, token, send, granted),
    async renew(id, fullMs, token) {
      const body = { lease_id: id, increment: Math.ceil(fullMs / 1_000) };
      const { lease_duration, renewable } = asObject(
        await send({ method: "POST", path: "sys/leases/renew", token, body }),
      );
      return granted(lease_duration, renewable, fullMs);
    },
    async renewToken(fullMs, token) {
      const body = { increment: `${Math.ceil(fullMs / 1_000)}s` };
      const { auth } = asObject(await send({ method: "POST", path: "auth/token/renew-self", token, body }));
      const { lease_duration, renewable } = asObject(auth);
      return granted(lease_duration, renewable, fullMs);
    },
    async revoke(id, token) {
      // When it is answered, the account is gone.
      const body = { lease_id: id, sync: true };
      await send({ method: "POST", path: "sys/leases/revoke", token, body });
    },
    async revokeToken(token) {
      await send({ method: "POST", path: "auth/token/revoke-self", token });
    },
  };
}

type Granted = (seconds: unknown, renewable: unknown, fullMs?: number) => Lease;

function leaseOf(seconds: unknown, renewable: unknown, nowMs: number, fullMs?: number): Lease {
  const grantedMs = typeof seconds === "number" && seconds > 0 ? seconds * 1_000 : 0;
  return { fullMs: fullMs ?? grantedMs, grantedMs, endMs: nowMs + grantedMs, renewable: renewable === true };
}

async function logIn(
  login: Login,
  send: Send,
  granted: Granted,
  readFile: (path: string) => string,
): Promise<Token> {
  switch (login.kind) {
    case "token": {
      const value = login.file === undefined ? login.token : readFile(login.file);
      const { data } = asObject(await send({ method: "GET", path: "auth/token/lookup-self", token: value }));
      const { renewable, ttl, creation_ttl } = asObject(data);
      if (ttl === 0) return { value, isOwn: false };
      const full = typeof creation_ttl === "number" && creation_ttl > 0 ? creation_ttl * 1_000 : undefined;
      return { value, isOwn: false, lease: granted(ttl, renewable, full) };
    }
    case "approle": {
      const { mount, roleId, secretIdFile } = login;
      const secretId = secretIdFile === undefined ? login.secretId : readFile(secretIdFile);
      const body = { role_id: roleId, ...(secretId === undefined ? {} : { secret_id: secretId }) };
      return tokenOf(await send({ method: "POST", path: `auth/${mount}/login`, body }), granted);
    }
    case "kubernetes": {
      const { mount, role, tokenFile } = login;
      const body = { role, jwt: readFile(tokenFile) };
      return tokenOf(await send({ method: "POST", path: `auth/${mount}/login`, body }), granted);
    }
  }
}

function tokenOf(answer: unknown, granted: Granted): Token {
  const { client_token, lease_duration, renewable } = asObject(asObject(answer)["auth"]);
  if (typeof client_token !== "string" || client_token === "")
    throw new VaultFailure("refused", "its answer to the login has no token");
  const ends = typeof lease_duration === "number" && lease_duration > 0;
  return {
    value: client_token,
    isOwn: true,
    ...(ends ? { lease: granted(lease_duration, renewable) } : {}),
  };
}

async function read(path: string, token: string, send: Send, granted: Granted): Promise<Secret> {
  const { at, isVersioned } = await placeOf(path, token, send);
  const answer = asObject(await send({ method: "GET", path: at, token }));
  const data = asObject(answer["data"]);
  const values = textsOf(isVersioned ? asObject(data["data"]) : data);
  const { lease_id: id, lease_duration, renewable } = answer;
  if (typeof id !== "string" || id === "") return { values };
  return { values, lease: { ...granted(lease_duration, renewable), id } };
}

/** The second version of KV has its values below `data/`, which whoever names a secret leaves out, as in `vault kv get`. */
async function placeOf(
  path: string,
  token: string,
  send: Send,
): Promise<{ at: string; isVersioned: boolean }> {
  const plain = { at: path, isVersioned: false };
  let mount: Record<string, unknown>;
  try {
    const answer = await send({ method: "GET", path: `sys/internal/ui/mounts/${path}`, token });
    mount = asObject(asObject(answer)["data"]);
  } catch (error) {
    // Old servers do not know the question. Of a path that the token has no right to, the read itself says so.
    if (error instanceof VaultFailure && error.kind === "refused") return plain;
    throw error;
  }
  const { type, options, path: mounted } = mount;
  if (type !== "kv" || String(asObject(options)["version"]) !== "2" || typeof mounted !== "string")
    return plain;
  if (!`${path}/`.startsWith(mounted)) return plain;
  const rest = path.slice(mounted.length);
  return { at: rest.startsWith("data/") ? path : `${mounted}data/${rest}`, isVersioned: true };
}

/** Numbers and truth as JSON has them; what has parts, too. */
function textsOf(data: Record<string, unknown>): Record<string, string> {
  const kept = Object.entries(data).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    kept.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

function asObject(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
