// Requests that are left out of the log, such as those of health probes.

/** A path (`/health/`), the beginning of paths (`/-/*`) or the beginning of a user agent (`kube-probe`). */
interface Rule {
  of: "path" | "agent";
  bytes: Buffer;
  /** Whether more may follow. */
  open: boolean;
}

/** Requests with this status or a higher one are always logged. */
const FIRST_FAILURE = 400;

export class SkipRules {
  readonly #rules: readonly Rule[];

  constructor(texts: readonly string[]) {
    this.#rules = texts.map((text) => {
      const isPath = text.startsWith("/");
      const isOpen = !isPath || text.endsWith("*");
      const bytes = Buffer.from(isPath && isOpen ? text.slice(0, -1) : text);
      return { of: isPath ? "path" : "agent", bytes, open: isOpen };
    });
  }

  get isEmpty(): boolean {
    return this.#rules.length === 0;
  }

  /** Whether the request is left out. Path and agent are bytes of `bytes`. */
  match(
    status: number,
    bytes: Buffer,
    pathStart: number,
    pathEnd: number,
    agentStart: number,
    agentEnd: number,
  ): boolean {
    if (status >= FIRST_FAILURE) return false;
    for (const rule of this.#rules) {
      const isPath = rule.of === "path";
      if (fits(rule, bytes, isPath ? pathStart : agentStart, isPath ? pathEnd : agentEnd)) return true;
    }
    return false;
  }

  matchText(status: number, path: string, agent: string): boolean {
    const bytes = Buffer.from(path + agent);
    const pathEnd = Buffer.byteLength(path);
    return this.match(status, bytes, 0, pathEnd, pathEnd, bytes.length);
  }
}

function fits({ bytes: wanted, open }: Rule, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start;
  if (open ? length < wanted.length : length !== wanted.length) return false;
  for (let at = 0; at < wanted.length; at += 1) if (wanted[at] !== bytes[start + at]) return false;
  return true;
}
