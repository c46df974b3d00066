// nginx's certificate is renewed while the container runs: cert-manager, certbot and their like replace the files. Loaded where
// nginx takes TLS: a bundle of its own.
import { dirname } from "node:path";
import type { Clock } from "../../base/clock.ts";
import type { DjinitError } from "../../base/errors.ts";
import type { GivenFiles } from "../../base/given-file.ts";
import { logError, type OwnLog } from "../../logs/write/own-log.ts";
import type { TlsPlan } from "../../plan/plan.ts";
import { filesFor } from "../../platform/files/files-of-root.ts";
import { isPair, type Pair, type PairProblem, partsOf, readPair } from "../../platform/tls/pair.ts";
import { MOST_BYTES, readPairText, writePair } from "../../platform/tls/pair-files.ts";

/** Both files are read, for some 0.2 ms. Certificates are renewed weeks before they end. */
const PERIOD_MS = 10_000;

const NAMES = { certificate: "DJINIT_TLS_CERT", key: "DJINIT_TLS_KEY" };

export interface KeepPairOptions {
  log: OwnLog;
  /** Root has been given up. */
  wasRoot: boolean;
}

export function keepPair(plan: TlsPlan, { log, wasRoot }: KeepPairOptions): PairKeeper {
  return new PairKeeper(plan, log, filesFor(wasRoot));
}

export class PairKeeper {
  /** When the certificate that nginx has ends, since 1970. */
  expiresMs: number;
  readonly #plan: TlsPlan;
  readonly #log: OwnLog;
  readonly #files: GivenFiles;
  /** As nginx has it. */
  #taken: string;
  /** What lies in nginx's file, and nginx has not been seen to take. */
  #offered: Pair | undefined;
  /** Why nginx has refused the last one. */
  #refusal = "";
  /** What was wrong at the last look, and what has been said. */
  #seen = "";
  #told = "";

  constructor(plan: TlsPlan, log: OwnLog, files: GivenFiles) {
    this.#plan = plan;
    this.#log = log;
    this.#files = files;
    this.expiresMs = plan.expiresMs;
    this.#taken = files.read(plan.file, MOST_BYTES).toString("latin1");
  }

  /**
   * Gives nginx's file what the given files are now, if that is a good pair. True: nginx is to read it. Where it is none, the
   * second look says so: of two files that are being replaced, one comes first. `isAsked`: somebody says that they are there.
   * Does not throw: PID 1 goes on with the certificate that it has.
   */
  take({ isAsked = false, nowMs = Date.now() }: { isAsked?: boolean; nowMs?: number } = {}): boolean {
    try {
      return this.#offer(isAsked, nowMs);
    } catch (error) {
      this.#warnUnwritten(error as NodeJS.ErrnoException);
      return false;
    }
  }

  /** Whether nginx has taken what was offered. If it has not, it finds the last good pair when it is started. Does not throw. */
  settle(refused: DjinitError | undefined): void {
    const offered = this.#offered;
    this.#offered = undefined;
    this.#refusal = refused?.message ?? "";
    if (offered === undefined) return;
    if (refused !== undefined) return this.#putBack();
    this.#taken = offered.text;
    this.expiresMs = offered.expiresMs;
    const until = new Date(offered.expiresMs).toISOString().slice(0, 19);
    this.#log.info(
      { path: this.#plan.certificate },
      `there is a new certificate: nginx gets it, it is valid until ${until}Z`,
    );
  }

  #offer(isAsked: boolean, nowMs: number): boolean {
    const text = readPairText(this.#plan, this.#files);
    const isNew = Array.isArray(text) || partsOf(text).text !== this.#taken;
    if (!isNew && this.#offered === undefined) {
      this.#seen = "";
      this.#told = "";
      return false;
    }
    const read = Array.isArray(text) ? text : readPair(text, nowMs);
    if (!isPair(read)) {
      this.#refuse(read, isAsked);
      return false;
    }
    writePair(this.#plan.file, read.text, this.#plan.reader);
    this.#offered = read;
    return true;
  }

  /** Looks again and again. `renew`: has nginx read its files; returns why it does not. Returns a function that ends the watch. */
  watch(clock: Clock, renew: () => Promise<DjinitError | undefined>): () => void {
    let cancel = () => {};
    const look = async (): Promise<void> => {
      if (this.take()) {
        const refused = await renew();
        // It is tried again at each look, and told of once.
        if (refused !== undefined && refused.message !== this.#refusal) logError(this.#log, refused);
        this.settle(refused);
      }
      cancel = clock.after(PERIOD_MS, () => void look());
    };
    cancel = clock.after(PERIOD_MS, () => void look());
    return () => cancel();
  }

  #refuse(problems: readonly PairProblem[], isAsked: boolean): void {
    const said = problems
      .map(({ of, problem }) => `${NAMES[of]} is ${JSON.stringify(this.#plan[of])}, ${problem}`)
      .join("; ");
    const isSecond = said === this.#seen;
    this.#seen = said;
    if (isSecond || isAsked) this.#warn(said, problems[0]?.of ?? "certificate");
  }

  #warn(said: string, of: PairProblem["of"]): void {
    if (said === this.#told) return;
    this.#told = said;
    this.#log.warn({ variable: NAMES[of] }, `nginx keeps the certificate that it has: ${said}`);
  }

  #putBack(): void {
    try {
      writePair(this.#plan.file, this.#taken, this.#plan.reader);
    } catch (error) {
      this.#warnUnwritten(error as NodeJS.ErrnoException);
    }
  }

  #warnUnwritten({ code, message }: NodeJS.ErrnoException): void {
    const isFull = code === "ENOSPC" || code === "EDQUOT";
    const wayOut = isFull
      ? `; make room in ${dirname(this.#plan.file)}, or give it more: it is tried again`
      : "";
    this.#warn(`${this.#plan.file} cannot be written: ${message}${wayOut}`, "certificate");
  }
}
