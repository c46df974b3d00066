import type { Client } from "pg";
import { type Clock, pause, systemClock } from "../../base/clock.ts";
import { DjinitError } from "../../base/errors.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { BootObserver } from "../facts.ts";
import { finalCode } from "./failure.ts";
import { type Server, serversOf } from "./servers.ts";
import { type Failure, openSession } from "./session.ts";

const USUAL_VARIABLE = "DATABASE_URL";
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;
const ATTEMPT_TIMEOUT_MS = 5_000;
const LEAST_ATTEMPT_MS = 250;
/** A database that has answered before may have no connection left for a moment: that is not worth a word. */
const QUIET_AGAIN_MS = 5_000;
const CAUSES: Record<string, string> = {
  ENOTFOUND: "no such host",
  EAI_AGAIN: "the name server has no answer for the host",
  ECONNREFUSED: "connection refused: nothing listens there",
  ETIMEDOUT: "no answer",
  EHOSTUNREACH: "no route to the host",
  ENOENT: "there is no such socket",
  "28P01": "wrong password",
  "28000": "login not allowed",
  "3D000": "the database does not exist",
  "42501": "not allowed",
  "53300": "too many connections",
  "57P03": "the server is starting up or shutting down",
  "25006": "it takes no writes",
  ECONNRESET: "the server has hung up",
};
/** pg's message if the server asks for a password. */
const WITHOUT_PASSWORD = /client password must be a/;
/** Advice to Node's users. The users of djinit do not run Node. */
const ADVICE_ON_NODE = /; if the root CA is installed locally.*$/s;

/** Where a URL comes from: a variable, or the settings, which make it of variables. */
export type Origin = { variable: string } | { settingsReadIt: string[] };

/** A database, and where its URL comes from. */
export interface Place {
  url: string;
  origin: Origin;
}

export interface WaitOptions extends Place {
  /** The container's, for what libpq takes from it. */
  environment: NodeJS.ProcessEnv;
  timeoutMs: number;
  log: OwnLog;
  observer: BootObserver;
  signal: AbortSignal;
  /** It has answered this container before, which says nothing then unless it takes long. */
  isAgain?: boolean;
}

/** Replaced in tests. */
export interface WaitMeans {
  clock: Clock;
  /** From 0 to 1. */
  random: () => number;
  open: (servers: readonly Server[], timeoutMs: number) => Promise<Client>;
}

const REAL: WaitMeans = { clock: systemClock, random: Math.random, open: openSession };

/**
 * Resolves with a session when the database of `url` accepts one. Errors: at once if waiting would not help
 * (DJINIT_DATABASE_REFUSED_LOGIN, …_FORBIDDEN, …_UNUSABLE); DJINIT_DATABASE_UNAVAILABLE after `timeoutMs`; the signal's reason.
 */
export async function waitForPostgres(
  { url, origin, environment, timeoutMs, log, observer, signal, isAgain = false }: WaitOptions,
  { clock, random, open } = REAL,
): Promise<Client> {
  const startedMs = clock.monotonicMs();
  const servers = serversOf(url, environment);
  const named = (some: readonly Server[]) => `${placeOf(some)}${sayOrigin(origin)}`;
  const where = named(servers);
  const { text: suspects, fields: blamed } = blame(origin);
  const aborted = rejectionOn(signal);
  let hasSaidWait = false;
  if (!isAgain) observer.onStepStarted("wait-for-database");
  for (let attempt = 0; ; attempt += 1) {
    // The last attempt may not overrun the deadline either.
    const leftMs = Math.max(timeoutMs - (clock.monotonicMs() - startedMs), LEAST_ATTEMPT_MS);
    const attempted = open(servers, Math.round(Math.min(leftMs, ATTEMPT_TIMEOUT_MS)));
    const tried = await Promise.race([attempted.catch((error: Failure) => error), aborted]);
    const waitedMs = Math.round(clock.monotonicMs() - startedMs);
    if (!(tried instanceof Error)) {
      if (!isAgain) observer.onStep({ step: "wait-for-database", seconds: waitedMs / 1000 });
      if (isAgain && !hasSaidWait) return tried;
      const { host, port } = tried;
      const answering = named(servers.filter((server) => server.host === host && server.port === port));
      const database = servers.length > 1 ? answering : where;
      log.info({ step: "wait-for-database", database, after_ms: waitedMs }, `database ${database} answers`);
      return tried;
    }
    const failure = tried;
    const cause = describe(failure);
    const final = finalCode(failure);
    if (final !== undefined) {
      const what = final === "DJINIT_DATABASE_UNUSABLE" ? "connect" : "log in";
      throw new DjinitError(final, `cannot ${what} to database ${where}${suspects}: ${cause}`, {
        cause: failure,
        fields: blamed,
      });
    }
    if (waitedMs >= timeoutMs) {
      const text = `cannot reach database ${where}${suspects} within ${timeoutMs / 1000} s: ${cause}`;
      throw new DjinitError("DJINIT_DATABASE_UNAVAILABLE", text, {
        cause: failure,
        fields: { ...blamed, attempts: attempt + 1 },
      });
    }
    if (!isAgain || waitedMs >= QUIET_AGAIN_MS) {
      observer.onWaiting(`${where}: ${cause}`);
      if (!hasSaidWait) {
        log.info(
          { step: "wait-for-database", database: where, cause },
          `waiting for database ${where}: ${cause}`,
        );
      }
      hasSaidWait = true;
    }
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS, timeoutMs - waitedMs);
    await pause(clock, pauseMs * (1 - 0.2 * random()), signal);
  }
}

function sayOrigin(origin: Origin): string {
  if (!("variable" in origin)) return " of the settings";
  return origin.variable === USUAL_VARIABLE ? "" : ` of ${origin.variable}`;
}

/** Which variables to look at, in an error. */
function blame(origin: Origin): { text: string; fields: Record<string, unknown> } {
  if ("variable" in origin) return { text: "", fields: origin };
  const { settingsReadIt: variables } = origin;
  return { text: variables.length === 0 ? "" : ` (${variables.join(", ")})`, fields: { variables } };
}

/** Rejects with the signal's reason, also if the signal has been aborted before. */
function rejectionOn(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Without this a rejection outside of `race` would be unhandled.
  promise.catch(() => {});
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}

function describe({ code, message }: Failure): string {
  const known = CAUSES[code ?? ""] ?? (WITHOUT_PASSWORD.test(message) ? "no password is given" : undefined);
  const words = message.replace(ADVICE_ON_NODE, "");
  return known === undefined ? words : `${known} (${words})`;
}

/** Hosts, ports and name of the database: what an operator needs, without user and password. */
function placeOf(servers: readonly Server[]): string {
  const [first] = servers;
  const places = servers.map(({ host, port }) => `${host}:${port}`);
  return `${places.join(",")}/${first?.database ?? first?.user ?? ""}`;
}
