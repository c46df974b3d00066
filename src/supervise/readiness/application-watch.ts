// nginx's container of a pod is as ready as the application in the other one. Whether that is well, its own probes say; here it
// has to have answered once, and to be within reach.
import { connect } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { OwnLog } from "../../logs/write/own-log.ts";
import type { Readiness } from "../../plan/plan.ts";
import { probe } from "./probe.ts";

type Asked = Extract<Readiness, { kind: "http" }>;

/** Short against the period of an orchestrator's probes. */
const PERIOD_MS = 1_000;
/** Until it has answered for the first time, people wait for it. */
const FIRST_PERIOD_MS = 50;
const FIRST_CAUSE = "it has not answered yet";

export class ApplicationWatch {
  readonly #asked: Asked;
  readonly #clock: Clock;
  readonly #log: OwnLog;
  #why: string | undefined = FIRST_CAUSE;
  #wasReady = false;

  constructor(asked: Asked, clock: Clock, log: OwnLog) {
    this.#asked = asked;
    this.#clock = clock;
    this.#log = log;
    void this.#look();
  }

  /** Completes «nginx …»; undefined while the application is there. */
  get missing(): string | undefined {
    return this.#why === undefined ? undefined : `waits for the application: ${this.#why}`;
  }

  async #look(): Promise<void> {
    const isThere = this.#why === undefined;
    // One whose workers are all busy is still there: being asked more would not help it.
    const why = await (isThere ? reach(this.#asked.socketPath) : probe(this.#asked));
    this.#why = why;
    if (isThere && why !== undefined)
      this.#log.warn({ cause: why }, `the application is away, and requests wait for it: ${why}`);
    if (!isThere && why === undefined && this.#wasReady) this.#log.info({}, "the application is back");
    this.#wasReady ||= why === undefined;
    this.#clock.after(this.#wasReady ? PERIOD_MS : FIRST_PERIOD_MS, () => void this.#look());
  }
}

function reach(path: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect(path);
  socket.once("connect", () => {
    socket.destroy();
    resolve(undefined);
  });
  socket.once("error", ({ message }) => resolve(`cannot connect: ${message}`));
  return promise;
}
