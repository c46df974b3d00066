// What is known of Vault: the first life of PID 1 leaves it to the second, as JSON. Types only.

/** Where Vault is. */
export interface VaultServer {
  address: string;
  namespace?: string;
  /** The certificates of its authority, as PEM; undefined: the usual ones. */
  authority?: string;
  /** The name in its certificate; undefined: that in its address. */
  serverName?: string;
}

/** How to get a token. */
export type Login =
  | { kind: "token"; token: string; file?: string }
  | {
      kind: "approle";
      mount: string;
      roleId: string;
      secretId?: string;
      secretIdFile?: string;
      wrapped?: string;
    }
  | { kind: "kubernetes"; mount: string; role: string; tokenFile: string };

/** Something that ends unless it is renewed. */
export interface Lease {
  /** What Vault gave at first; a renewal asks for as much. */
  fullMs: number;
  /** What it gave last. */
  grantedMs: number;
  /** On the clock of this process; in `VaultState` since 1970. */
  endMs: number;
  renewable: boolean;
}

export interface Token {
  value: string;
  /** Made by a login of djinit's, which is to revoke it. */
  isOwn: boolean;
  /** Undefined: it does not end. */
  lease?: Lease;
}

export interface Secret {
  values: Record<string, string>;
  /** Undefined: it is not leased, as in KV. */
  lease?: Lease & { id: string };
}

export interface VaultState {
  server: VaultServer;
  login: Login;
  token: Token;
  /** By path. */
  secrets: Record<string, Secret>;
  /** Leases of what only the boot needed. */
  unused: { path: string; id: string }[];
}
