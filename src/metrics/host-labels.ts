// Which Host headers get a label of their own. Clients must not be able to create labels at will.

/** Most labels for hosts that only a pattern allows. */
const MOST_HOSTS = 50;
/** The longest name in the DNS. */
const LONGEST_HOST = 253;
const WELL_FORMED = /^([a-z0-9_-]+(\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;

export const OTHER_HOSTS = "other";

export class HostLabels {
  readonly #named: Set<string>;
  /** `.example.com`: the domain and all below it. */
  readonly #suffixes: string[];
  readonly #all: boolean;
  readonly #seen = new Set<string>();

  /** `allowed` as ALLOWED_HOSTS has it, in lower case; undefined: all are. */
  constructor(allowed: readonly string[] | undefined) {
    this.#all = allowed === undefined || allowed.includes("*");
    this.#named = new Set(allowed?.filter((host) => host !== "*" && !host.startsWith(".")));
    this.#suffixes = allowed?.filter((host) => host.startsWith(".")) ?? [];
  }

  /**
   * The label for a Host header as a client wrote it. `isServed`: the application has answered it as a host of its own. Whoever
   * asks for made-up hosts would have all the labels before the site's first visitor.
   */
  labelOf(header: string, isServed: boolean): string {
    const host = normalize(header);
    if (this.#named.has(host) || this.#seen.has(host)) return host;
    if (!isServed || this.#seen.size >= MOST_HOSTS || !this.#allows(host)) return OTHER_HOSTS;
    this.#seen.add(host);
    return host;
  }

  #allows(host: string): boolean {
    if (host.length > LONGEST_HOST || !WELL_FORMED.test(host)) return false;
    return this.#all || this.#suffixes.some((suffix) => host.endsWith(suffix) || host === suffix.slice(1));
  }
}

/** Without port and final full stop, in lower case. */
function normalize(header: string): string {
  return header.replace(/:\d*$/, "").replace(/\.$/, "").toLowerCase();
}
