import { fileURLToPath } from "node:url";
import { afterEach } from "vitest";
import { openSink } from "../../src/logs/write/open-sink.ts";
import { type OwnLog, openLog } from "../../src/logs/write/own-log.ts";
import type { Plan, ServicePlan } from "../../src/plan/plan.ts";
import { KilledProcesses } from "../../src/supervise/memory/killed-processes.ts";
import { Reaper } from "../../src/supervise/process/reaper.ts";
import type { Service } from "../../src/supervise/service.ts";
import { Supervisor } from "../../src/supervise/supervisor.ts";
import { eventually } from "./eventually.ts";
import { realPipe } from "./real-pipe.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A service of the tests is ready when it has said so and this has passed. */
export const SETTLED_AFTER_MS = 100;

/** How long the boot of a container of the tests has taken. */
export const BOOT_MS = 1_500;

/** Marks in what is read that all before it has been read. */
const END = "the test has seen the end";

export type LogRecord = Record<string, unknown>;

/** The path of a program under test/fixtures/services. */
export function fixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/services/${name}.sh`, import.meta.url));
}

/** A service that runs the fixture of `script`, its words after it. */
export function servicePlan(name: string, script: string, more: Partial<ServicePlan> = {}): ServicePlan {
  const [program = "", ...words] = script.split(" ");
  return {
    name,
    argv: ["sh", fixture(program), ...words],
    cwd: "/",
    environment: {},
    facesClients: false,
    after: [],
    readiness: { kind: "settled", afterMs: SETTLED_AFTER_MS },
    restart: "always",
    stopSignal: "SIGTERM",
    fastStopSignal: "SIGQUIT",
    forwards: [],
    readsEnvironment: true,
    fatalStatuses: [],
    output: "relay",
    ...more,
  };
}

export function planOfServices(services: ServicePlan[], more: Partial<Plan> = {}): Plan {
  return {
    run: "/run",
    role: "web",
    services,
    gracePeriodMs: 25_000,
    drainDelayMs: 0,
    startupTimeoutMs: 120_000,
    maxRestarts: 3,
    logs: { levels: {}, skip: [], accessFields: "schema" },
    admin: { port: 0, nginxProbes: false, prometheusDirectory: "/nonexistent" },
    sources: {
      envFiles: [],
      secretsDirectory: undefined,
      own: [],
      named: [],
      unset: [],
      origins: {},
      taken: {},
    },
    bootOnly: [],
    ...more,
  };
}

const started: Supervisor[] = [];
afterEach(() => {
  for (const supervisor of started.splice(0)) {
    // Else one that was to be started again would be, and outlive the test.
    supervisor.stop("the test is over");
    for (const { pid } of supervisor.services) {
      if (pid === undefined) continue;
      try {
        process.kill(-pid, "SIGKILL");
      } catch {}
    }
  }
});

/** A supervisor in virtual time whose services are real processes. */
export class Supervised {
  readonly clock = new VirtualClock();
  readonly supervisor: Supervisor;
  /** What a reload finds. */
  newEnvironment: () => NodeJS.ProcessEnv;
  /** Of each reload, whether every service that reads the environment has taken it. */
  readonly settled: boolean[] = [];
  /** The exit status, once there is one. */
  status: number | undefined;
  readonly #pipe = realPipe();
  readonly #log: OwnLog;
  #ends = 0;

  constructor(
    services: ServicePlan[],
    more: Partial<Plan> = {},
    environment: NodeJS.ProcessEnv = process.env,
  ) {
    const sink = openSink(this.#pipe.writeFd);
    this.#pipe.read();
    this.newEnvironment = () => environment;
    this.#log = openLog(sink);
    const dependencies = {
      clock: this.clock,
      sink,
      log: openLog(sink),
      reaper: new Reaper(),
      killed: new KilledProcesses(),
      ageMs: BOOT_MS,
      environment,
      readEnvironment: async () => this.newEnvironment(),
      settled: (isTaken: boolean) => void this.settled.push(isTaken),
    };
    this.supervisor = new Supervisor(planOfServices(services, more), dependencies);
    started.push(this.supervisor);
    this.supervisor.finished.then((status) => {
      this.status = status;
    });
  }

  records(): LogRecord[] {
    return this.#all().filter(({ msg }) => msg !== END);
  }

  #all(): LogRecord[] {
    const lines = this.#pipe.text().split("\n").slice(0, -1);
    return lines.map((line) => JSON.parse(line) as LogRecord);
  }

  /** What the services said, each line with the name of the one that said it. */
  said(): string[] {
    return this.records()
      .filter(({ service }) => service !== "djinit")
      .map(({ service, msg }) => `${service}: ${msg}`);
  }

  service(name: string): Service {
    const found = this.supervisor.services.find((service) => service.name === name);
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  }

  stateOf(name: string): string {
    return this.service(name).state.name;
  }

  /** Waits until each of the services has said ready `times` times and is ready. */
  async ready(names: string[], times = 1): Promise<void> {
    for (const name of names) {
      const what = `${name} ready`;
      await eventually(() => this.said().filter((line) => line === `${name}: ready`).length >= times, {
        what,
      });
      this.clock.advance(SETTLED_AFTER_MS);
      await eventually(() => this.service(name).ready, { what });
    }
  }

  /** Waits until the service is in that state. */
  async reaches(name: string, state: string): Promise<void> {
    await eventually(() => this.stateOf(name) === state, { what: `${name} ${state}` });
  }

  /** Waits for the container's end, and until all that was written before it has been read. */
  async finished(): Promise<number> {
    await eventually(() => this.status !== undefined, { what: "the end" });
    this.#ends += 1;
    const marks = this.#ends;
    this.#log.info({ end: marks }, END);
    const isThere = () => this.#all().some(({ msg, end }) => msg === END && end === marks);
    await eventually(isThere, { what: "the last record" });
    return this.status as number;
  }
}
