// A server of Vault's HTTP API, written from its documentation: KV in both versions, database credentials, the logins by token,
// AppRole and Kubernetes, leases. It is strict: what the documentation does not have is refused. docs/vault.md says what it leaves out.
import { randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export interface VaultOptions {
  /** By mount and path, as in `secret/app`; the mount `secret/` has version 2, `kv/` version 1. */
  values?: Record<string, Record<string, unknown>>;
  /** Of `database/creds/app`. */
  leaseSeconds?: number;
  maxSeconds?: number;
  tokenSeconds?: number;
  tokenMaxSeconds?: number;
  /** The database of the credentials. */
  database?: {
    create: (user: string, password: string) => Promise<void>;
    drop: (user: string) => Promise<void>;
  };
  /** Whether a token may revoke leases by their ID: the default policy does not allow it. */
  mayRevoke?: boolean;
  namespace?: string;
  tls?: { key: string; cert: string };
  host?: string;
}

interface Lent {
  user: string;
  token: string;
  bornMs: number;
  endMs: number;
}

export const ROOT_TOKEN = "s.root-of-the-test";
export const ROLE_ID = "role-id-of-app";
export const SECRET_ID = "secret-id-of-app";
export const JWT = "jwt.of.the-service-account";

const EXPIRY_PERIOD_MS = 200;

interface Answer {
  status: number;
  body?: unknown;
}

export class VaultStandIn {
  readonly #with: VaultOptions;
  readonly #server: Server;
  #expiring: NodeJS.Timeout | undefined;
  /** Every request: method, path, status. */
  readonly seen: string[] = [];
  readonly leases = new Map<string, Lent>();
  readonly tokens = new Map<string, { bornMs: number; endMs: number }>();
  /** Users that have been dropped. */
  readonly dropped: string[] = [];
  /** By wrapping token: where it was made, and what is in it. */
  readonly wrapped = new Map<string, { path: string; data: Record<string, unknown> }>();
  /** Answers all with 503, as a sealed server does. */
  sealed = false;

  private constructor(options: VaultOptions) {
    this.#with = options;
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      void this.#serve(request, response);
    };
    this.#server =
      options.tls === undefined ? createServer(listener) : createSecureServer(options.tls, listener);
  }

  /** What has not been renewed is gone, as it would be in Vault. */
  #expire(): void {
    for (const [id, { endMs }] of this.leases) if (endMs <= Date.now()) void this.#revoke(id);
  }

  static async start(options: VaultOptions = {}): Promise<VaultStandIn> {
    const vault = new VaultStandIn(options);
    vault.#expiring = setInterval(() => vault.#expire(), EXPIRY_PERIOD_MS);
    const { promise, resolve } = Promise.withResolvers<void>();
    vault.#server.listen(0, options.host ?? "127.0.0.1", resolve);
    await promise;
    return vault;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `${this.#with.tls === undefined ? "http" : "https"}://127.0.0.1:${this.port}`;
  }

  /** How often a request was answered so: `GET secret/data/app 200`. */
  count(line: string): number {
    return this.seen.filter((it) => it === line).length;
  }

  async close(): Promise<void> {
    clearInterval(this.#expiring);
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = decodeURIComponent((request.url ?? "").replace(/^\/v1\//, ""));
    let answer: Answer;
    try {
      const given = await text(request);
      answer = await this.#answer(request, path, given === "" ? {} : (JSON.parse(given) as Body));
    } catch (error) {
      answer = refuse(400, `failed to parse JSON input: ${(error as Error).message}`);
    }
    this.seen.push(`${request.method} ${path} ${answer.status}`);
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(answer.body === undefined ? undefined : JSON.stringify(answer.body));
  }

  async #answer({ headers, method, url }: IncomingMessage, path: string, body: Body): Promise<Answer> {
    if (this.sealed) return refuse(503, "Vault is sealed");
    if (!url?.startsWith("/v1/")) return refuse(404);
    if (headers["x-vault-namespace"] !== this.#with.namespace) return refuse(403, "permission denied");
    if (method === "POST" && path === "auth/approle/login")
      return this.#logIn(body, { role_id: ROLE_ID, secret_id: SECRET_ID });
    if (method === "POST" && path === "auth/kubernetes/login")
      return this.#logIn(body, { role: "app", jwt: JWT });
    const token = String(headers["x-vault-token"] ?? "");
    if (method === "POST" && path.startsWith("sys/wrapping/")) return this.#unwrap(path, token, body);
    const held = this.tokens.get(token);
    if (token !== ROOT_TOKEN && (held === undefined || held.endMs <= Date.now()))
      return refuse(403, "permission denied");
    if (method === "GET") return this.#get(path, token);
    if (method === "POST") return this.#post(path, token, body);
    return refuse(405, "unsupported operation");
  }

  /** Anybody may look at a wrapping token; whoever has it may unwrap it, once. */
  #unwrap(path: string, token: string, body: Body): Answer {
    const isLookup = path === "sys/wrapping/lookup";
    if (!isLookup && path !== "sys/wrapping/unwrap") return refuse(404);
    const held = isLookup ? String(body["token"]) : token;
    const found = this.wrapped.get(held);
    if (found === undefined) return refuse(400, "wrapping token is not valid or does not exist");
    if (isLookup) return data({ creation_path: found.path, creation_ttl: 300 });
    this.wrapped.delete(held);
    return data(found.data);
  }

  #logIn(body: Body, wanted: Record<string, string>): Answer {
    const keys = Object.keys(body);
    if (keys.some((key) => !(key in wanted))) return refuse(400, "unknown field");
    if (Object.entries(wanted).some(([key, value]) => body[key] !== value))
      return refuse(400, "invalid role or secret ID");
    const client_token = `s.${randomBytes(8).toString("hex")}`;
    const lease_duration = this.#with.tokenSeconds ?? 3_600;
    this.tokens.set(client_token, { bornMs: Date.now(), endMs: Date.now() + lease_duration * 1_000 });
    return { status: 200, body: { auth: { client_token, lease_duration, renewable: true }, data: null } };
  }

  async #get(path: string, token: string): Promise<Answer> {
    const { values = {}, leaseSeconds = 3_600 } = this.#with;
    const mount = /^sys\/internal\/ui\/mounts\/(\w+)\//.exec(path)?.[1];
    if (mount !== undefined) return this.#mount(mount);
    if (path === "auth/token/lookup-self") {
      const held = this.tokens.get(token);
      const ttl = held === undefined ? 0 : Math.ceil((held.endMs - Date.now()) / 1_000);
      return data({ id: token, ttl, creation_ttl: ttl, renewable: held !== undefined });
    }
    if (path === "database/creds/app") {
      const user = `v-app-${randomBytes(6).toString("hex")}`;
      // As Vault makes them, and worse: each of these needs percent-encoding.
      const password = `A1a-${randomBytes(6).toString("hex")}/@:%#?`;
      await this.#with.database?.create(user, password);
      const lease_id = `database/creds/app/${randomBytes(8).toString("hex")}`;
      const bornMs = Date.now();
      this.leases.set(lease_id, { user, token, bornMs, endMs: bornMs + leaseSeconds * 1_000 });
      const lent = { lease_id, lease_duration: leaseSeconds, renewable: true };
      return { status: 200, body: { ...lent, data: { username: user, password } } };
    }
    const versioned = /^secret\/data\/(.+)$/.exec(path)?.[1];
    const found = values[versioned === undefined ? path : `secret/${versioned}`];
    if (found === undefined || (versioned === undefined && path.startsWith("secret/"))) {
      return /^(secret|kv)\//.test(path) ? refuse(404) : refuse(403, "permission denied");
    }
    if (versioned === undefined) return data(found);
    return data({ data: found, metadata: { version: 1, deletion_time: "", destroyed: false } });
  }

  #mount(name: string): Answer {
    const mounts: Record<string, unknown> = {
      secret: { path: "secret/", type: "kv", options: { version: "2" } },
      kv: { path: "kv/", type: "kv", options: { version: "1" } },
      database: { path: "database/", type: "database", options: null },
    };
    return name in mounts ? data(mounts[name]) : refuse(403, "preflight capability check returned 403");
  }

  async #post(path: string, token: string, body: Body): Promise<Answer> {
    const { leaseSeconds = 3_600, maxSeconds = 86_400 } = this.#with;
    switch (path) {
      case "sys/leases/renew": {
        const id = String(body["lease_id"]);
        const lent = this.leases.get(id);
        if (lent === undefined || lent.endMs <= Date.now()) return refuse(400, "lease not found");
        const { endMs, seconds } = extend(lent.bornMs, Number(body["increment"] ?? leaseSeconds), maxSeconds);
        lent.endMs = endMs;
        return { status: 200, body: { lease_id: id, lease_duration: seconds, renewable: true, data: null } };
      }
      case "sys/leases/revoke": {
        if (this.#with.mayRevoke === false && token !== ROOT_TOKEN) return refuse(403, "permission denied");
        await this.#revoke(String(body["lease_id"]));
        return { status: 204 };
      }
      case "auth/token/renew-self": {
        const held = this.tokens.get(token);
        if (held === undefined) return refuse(400, "lease is not renewable");
        const max = this.#with.tokenMaxSeconds ?? 86_400;
        const { endMs, seconds } = extend(held.bornMs, Number.parseInt(String(body["increment"]), 10), max);
        held.endMs = endMs;
        return {
          status: 200,
          body: { auth: { client_token: token, lease_duration: seconds, renewable: true } },
        };
      }
      case "auth/token/revoke-self": {
        this.tokens.delete(token);
        for (const [id, lent] of this.leases) if (lent.token === token) await this.#revoke(id);
        return { status: 204 };
      }
      default:
        return refuse(405, "unsupported operation");
    }
  }

  async #revoke(id: string): Promise<void> {
    const lent = this.leases.get(id);
    if (lent === undefined) return;
    this.leases.delete(id);
    await this.#with.database?.drop(lent.user);
    this.dropped.push(lent.user);
  }
}

type Body = Record<string, unknown>;

/** No longer than its longest life allows. */
function extend(bornMs: number, seconds: number, maxSeconds: number): { endMs: number; seconds: number } {
  const endMs = Math.min(Date.now() + seconds * 1_000, bornMs + maxSeconds * 1_000);
  return { endMs, seconds: Math.max(0, Math.round((endMs - Date.now()) / 1_000)) };
}

function data(it: unknown): Answer {
  return {
    status: 200,
    body: { request_id: "r", lease_id: "", lease_duration: 0, renewable: false, data: it },
  };
}

function refuse(status: number, error?: string): Answer {
  return { status, body: { errors: error === undefined ? [] : [error] } };
}
