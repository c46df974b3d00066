// The current process of one service: its start, its output, its end.
import { type Clock, within } from "../base/clock.ts";
import type { RelayObserver } from "../logs/observer.ts";
import { LastLines } from "../logs/write/last-lines.ts";
import type { Sink } from "../logs/write/sink.ts";
import type { ServicePlan, StartedProcess } from "../plan/plan.ts";
import { haveMoved, type Places, type PlacesLook, placesLook } from "../platform/confinement/places.ts";
import { confinementWords, withoutServed } from "../platform/confinement/rules.ts";
import type { KilledProcesses } from "./memory/killed-processes.ts";
import { askToEnd, askToHurry, kill } from "./process/ending.ts";
import { prepareFiles } from "./process/prepare-files.ts";
import type { Reaper } from "./process/reaper.ts";
import { adoptService, type Spawned, type SpawnOptions, sendSignal, spawnService } from "./process/spawn.ts";
import type { ServiceEvent, ServiceState } from "./service-state.ts";
import { HeldSockets } from "./sockets/held-sockets.ts";

/** A process that hands its pipe to a daemon must not delay the report of its own end. */
const RELAY_TIMEOUT_MS = 1_000;

/** Neither a start nor a reload is to wait for a file system that does not answer. */
const LOOK_LIMIT_MS = 1_000;

export interface ProcessDependencies {
  clock: Clock;
  sink: Sink;
  reaper: Reaper;
  environment: NodeJS.ProcessEnv;
  observer?: RelayObserver;
  killed: KilledProcesses;
  /** Who looks at what is served. */
  look?: PlacesLook;
}

export interface ProcessWatcher {
  onRecord: NonNullable<SpawnOptions["onRecord"]>;
  /** Whether PID 1 has sent the SIGKILL. */
  isKilling: () => boolean;
  onEnd: (status: number) => void;
  /** The process could not be started, for instance because there is no such program. */
  onFailure: (error: Error) => void;
}

/** Whether clients wait, where that decides if one more process is started. */
export function withWaiting(
  event: ServiceEvent,
  { name, afterwards }: ServiceState,
  it: ServiceProcess,
): ServiceEvent {
  if (event.type === "stop" && name === "backoff") return { ...event, waiting: it.isAwaited };
  if (event.type === "exited" && afterwards === "drain") return { ...event, waiting: it.isAwaited };
  return event;
}

export class ServiceProcess {
  #plan: ServicePlan;
  /** Without what its plan adds. */
  #environment: NodeJS.ProcessEnv;
  #said = new LastLines();
  #pid: number | undefined;
  /** What the process may reach, from its start to its end. */
  #confined: readonly string[] | undefined;
  /** What it served at its start; undefined: there was no answer in time. */
  #places: Places | undefined = new Map();
  /** What is to be done once it is started, while what it serves is being looked at. */
  #afterwards: (() => void)[] | undefined;
  #endSignal: () => NodeJS.Signals | undefined = () => undefined;
  /** The process that the boot has started, until it is taken over. */
  #started: StartedProcess | undefined;
  readonly #sockets: HeldSockets | undefined;
  readonly #with: ProcessDependencies;

  constructor(plan: ServicePlan, dependencies: ProcessDependencies) {
    this.#plan = plan;
    this.#environment = dependencies.environment;
    this.#with = dependencies;
    this.#started = plan.started;
    this.#sockets = plan.sockets && new HeldSockets(plan.sockets, dependencies.clock);
  }

  get plan(): ServicePlan {
    return this.#plan;
  }

  get environment(): NodeJS.ProcessEnv {
    return this.#environment;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get lastLines(): readonly string[] {
    return this.#said.lines;
  }

  /** The signal that ended the last process; undefined if it exited by itself, or if the signal is unknown. */
  get endSignal(): NodeJS.Signals | undefined {
    return this.#endSignal();
  }

  /** Whether its plan names something by now that its process cannot reach. No answer within a second is none. */
  async isOutgrown(): Promise<boolean> {
    const { confinement } = this.#plan;
    if (confinement === undefined || this.#confined === undefined)
      return this.#pid !== undefined && confinement !== this.#confined;
    let moved: boolean | undefined;
    const look = this.hasMoved().then((it) => {
      moved = it;
    });
    await within(this.#with.clock, LOOK_LIMIT_MS, look);
    if (moved !== false) return moved ?? false;
    const held = new Set(this.#confined);
    return confinementWords(confinement).some((word) => !held.has(word));
  }

  /** Whether a directory or a file that it serves has come, or has been replaced, since its start. */
  async hasMoved(): Promise<boolean> {
    const { confinement } = this.#plan;
    if (confinement === undefined) return false;
    const now = await this.#look.at(confinement.served);
    return haveMoved(this.#places ?? new Map(), now);
  }

  get #look(): PlacesLook {
    return this.#with.look ?? placesLook;
  }

  /** Calls `start` when what the process is to serve has been looked at: at once where it is not confined, else a second later at most. */
  whenSeen(start: () => void): void {
    const { served = [] } = this.#plan.confinement ?? {};
    this.#places = new Map();
    if (served.length === 0) return start();
    this.#places = undefined;
    const later: (() => void)[] = [];
    this.#afterwards = later;
    let isLate = false;
    const look = this.#look.at(served).then((places) => {
      if (!isLate) this.#places = places;
    });
    void within(this.#with.clock, LOOK_LIMIT_MS, look).then(() => {
      isLate = true;
      this.#afterwards = undefined;
      start();
      for (const act of later) act();
    });
  }

  get holdsSocket(): boolean {
    return this.#sockets?.holdsInherited ?? false;
  }

  renew(plan: ServicePlan, environment: NodeJS.ProcessEnv): void {
    this.#plan = plan;
    this.#environment = environment;
    if (plan.sockets !== undefined) this.#sockets?.replan(plan.sockets);
  }

  /** See `whenSeen`. Errors: throws if no process can be started. */
  start(watcher: ProcessWatcher): void {
    const { clock, sink, reaper, killed, observer } = this.#with;
    const plan = this.#plan;
    const said = new LastLines();
    this.#said = said;
    prepareFiles(plan);
    const sockets = this.#sockets?.descriptors() ?? [];
    const confinement =
      plan.confinement && (this.#places === undefined ? withoutServed(plan.confinement) : plan.confinement);
    this.#confined = confinement && confinementWords(confinement);
    const options: SpawnOptions = {
      plan,
      environment: { ...this.#environment, ...this.#sockets?.variables(sockets.length) },
      confined: this.#confined,
      sockets,
      sink,
      clock,
      reaper,
      observer,
      onRecord: (fields) => {
        said.add(fields);
        killed.read(plan.name, fields);
        watcher.onRecord(fields);
      },
    };
    const started = this.#started;
    this.#started = undefined;
    const spawned = started === undefined ? spawnService(options) : adoptService(started, options);
    this.#pid = spawned.pid;
    this.#endSignal = spawned.endSignal;
    this.#awaitEnd(spawned, plan.output === "relay", watcher);
  }

  #awaitEnd({ pid, ended, relayed }: Spawned, ownsGroup: boolean, watcher: ProcessWatcher): void {
    const { clock, reaper, killed } = this.#with;
    ended.then(async (status) => {
      this.#pid = undefined;
      if (pid !== undefined && reaper.wasKilled(pid) && !watcher.isKilling())
        killed.note(pid, this.#plan.name);
      if (pid !== undefined && ownsGroup) sendSignal(-pid, "SIGTERM");
      // Its last output comes first.
      await within(clock, RELAY_TIMEOUT_MS, relayed);
      // Processes that it leaves behind hold its port, socket or tasks. The next process must find them free.
      if (pid !== undefined && ownsGroup) sendSignal(-pid, "SIGKILL");
      watcher.onEnd(status);
    }, watcher.onFailure);
  }

  /** Sends a signal to the main process only. */
  signal(signal: NodeJS.Signals): void {
    if (this.#pid !== undefined) sendSignal(this.#pid, signal);
  }

  end(how: "stop" | "fast-stop" | "kill", forGood: boolean): void {
    if (this.#afterwards !== undefined) return void this.#afterwards.push(() => this.end(how, forGood));
    const pid = this.#pid;
    if (pid === undefined) return;
    const isPresent = (): boolean => this.#pid === pid;
    const ending = { plan: this.#plan, pid, sockets: this.#sockets, clock: this.#with.clock, isPresent };
    if (how === "stop") void askToEnd(ending, forGood);
    else if (how === "fast-stop") askToHurry(ending);
    else kill(ending);
  }

  /** Whether connections wait in its sockets. */
  get isAwaited(): boolean {
    return this.#sockets?.isAwaited ?? false;
  }

  /** A restart has become a stop: its sockets take nothing new. */
  refuseNew(): void {
    this.#sockets?.divert();
  }

  /** No other process will be started. */
  release(): void {
    // The service was stopped before its process was taken over.
    if (this.#started !== undefined) sendSignal(-this.#started.pid, "SIGKILL");
    this.#sockets?.release();
  }
}
