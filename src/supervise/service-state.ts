// The life of one service as a pure state machine: every state answers every event.
import { isTooMuch, type RestartPolicy, recentRestarts } from "./restart-policy.ts";

export const STATE_NAMES = [
  "pending", // not started yet
  "starting", // its process runs, it is not ready
  "running", // it has come up
  "backoff", // died, will be started again
  "stopping", // asked to end
  "killing", // made to end
  "stopped", // ended because it was asked to
  "exited", // ended by itself, and is not started again
] as const;
export type StateName = (typeof STATE_NAMES)[number];

/** `drain`: it stays away, but what waits for it by then is still served. */
export type Afterwards = "stop" | "restart" | "judge" | "drain";

export interface ServiceState {
  name: StateName;
  /** Whether it has been seen to be ready since the container started. */
  wasReady: boolean;
  /** Whether its current process has certainly come up: it was seen to be ready, or has lived for long. */
  proven: boolean;
  /** Failed starts in a row, however long each took. */
  failedStarts: number;
  /** Failures in a row. They decide the backoff. */
  attempt: number;
  /** The times of recent restarts, in monotonic ms. */
  restartsMs: readonly number[];
  /** What to do once its process has ended. */
  afterwards: Afterwards;
  /** The status of its last process. */
  exitStatus: number | undefined;
}

export type ServiceEvent =
  | { type: "start" }
  /** `seen` is false if there was no sign, and the service is taken as ready because it has lived for some time. */
  | { type: "ready"; seen: boolean }
  | { type: "stable" }
  | { type: "startup-timeout" }
  /** `unloadable`: according to its last output, its application cannot be loaded. `waiting`: connections wait in its sockets. */
  | { type: "exited"; status: number; atMs: number; unloadable?: boolean; waiting?: boolean }
  | { type: "backoff-elapsed" }
  /** `waiting`: as above. */
  | { type: "stop"; waiting?: boolean }
  | { type: "fast-stop" }
  | { type: "restart" }
  /** A process that is to be replaced has not ended in time. */
  | { type: "restart-timeout" }
  | { type: "kill" };

export type Effect =
  | { type: "spawn" }
  /** Begin to measure how long it stays ready. */
  | { type: "count-stable" }
  | { type: "signal"; how: "stop" | "fast-stop" | "kill" }
  /** Its sockets take no new connection from now on. */
  | { type: "refuse-new" }
  | { type: "back-off"; attempt: number }
  /** It has not come up in time. */
  | { type: "slow-start" }
  /** It has ended and is not started again unless somebody asks. */
  | { type: "ended"; failed: boolean; fatal: boolean };

export interface Transition {
  state: ServiceState;
  effects: Effect[];
}

export const INITIAL_STATE: ServiceState = {
  name: "pending",
  wasReady: false,
  proven: false,
  failedStarts: 0,
  attempt: 0,
  restartsMs: [],
  afterwards: "judge",
  exitStatus: undefined,
};

/** It has come up. */
const PROVEN = { wasReady: true, proven: true, failedStarts: 0 } as const;

const ENDED_AS_ASKED: Effect = { type: "ended", failed: false, fatal: false };

const KILL: Effect = { type: "signal", how: "kill" };

type Handler = (state: ServiceState, event: ServiceEvent, policy: RestartPolicy) => Transition;

/** The state after `event`. An event that means nothing in a state leaves it unchanged. */
export function transition(state: ServiceState, event: ServiceEvent, policy: RestartPolicy): Transition {
  return HANDLERS[state.name](state, event, policy);
}

const HANDLERS: Record<StateName, Handler> = {
  pending: whenIdle,
  stopped: whenIdle,
  exited: whenIdle,

  starting: (state, event, policy) => {
    if (event.type === "ready")
      return to(state, { name: "running", ...(event.seen ? PROVEN : {}) }, [{ type: "count-stable" }]);
    if (event.type === "startup-timeout")
      return to(state, { name: "killing", afterwards: "judge" }, [{ type: "slow-start" }, KILL]);
    return whileAlive(state, event, policy);
  },

  running: (state, event, policy) => {
    if (event.type === "stable") return to(state, { ...PROVEN, attempt: 0, restartsMs: [] });
    return whileAlive(state, event, policy);
  },

  backoff: (state, event) => {
    switch (event.type) {
      case "backoff-elapsed":
      case "start":
      case "restart":
        return spawn(state);
      case "stop":
        if (event.waiting === true) return serveRest(state);
        return to(state, { name: "stopped" }, [ENDED_AS_ASKED]);
      case "fast-stop":
      case "kill":
        return to(state, { name: "stopped" }, [ENDED_AS_ASKED]);
      default:
        return stay(state);
    }
  },

  stopping: (state, event, policy) => {
    switch (event.type) {
      case "exited":
        return afterEnd(state, event, policy);
      case "stop":
        return stayAway(state);
      case "fast-stop":
        return end(state, "stop", "fast-stop");
      case "restart-timeout":
        return state.afterwards === "restart" ? end(state, "restart", "kill") : stay(state);
      case "kill":
        return end(state, "stop", "kill");
      default:
        return stay(state);
    }
  },

  killing: (state, event, policy) => {
    switch (event.type) {
      case "exited":
        return afterEnd(state, event, policy);
      case "stop":
        return stayAway(state);
      case "fast-stop":
      case "kill":
        return to(state, { afterwards: "stop" });
      default:
        return stay(state);
    }
  },
};

/** pending, stopped, exited: there is no process. */
function whenIdle(state: ServiceState, event: ServiceEvent): Transition {
  switch (event.type) {
    case "start":
    case "restart":
      return spawn({ ...state, attempt: 0, restartsMs: [], failedStarts: 0 });
    case "stop":
    case "fast-stop":
    case "kill":
      return state.name === "pending" ? to(state, { name: "stopped" }, [ENDED_AS_ASKED]) : stay(state);
    default:
      return stay(state);
  }
}

/** starting, running: there is a process, and nobody has asked it to end. */
function whileAlive(state: ServiceState, event: ServiceEvent, policy: RestartPolicy): Transition {
  switch (event.type) {
    case "exited":
      return judge(state, event, policy);
    case "stop":
      return end(state, "stop", "stop");
    case "fast-stop":
      return end(state, "stop", "fast-stop");
    case "restart":
      return end(state, "restart", "stop");
    case "kill":
      return end(state, "stop", "kill");
    default:
      return stay(state);
  }
}

type Exited = Extract<ServiceEvent, { type: "exited" }>;

function afterEnd(state: ServiceState, event: Exited, policy: RestartPolicy): Transition {
  if (state.afterwards === "judge") return judge(state, event, policy);
  if (state.afterwards === "restart") return spawn({ ...state, exitStatus: event.status });
  if (state.afterwards === "drain" && event.waiting === true)
    return serveRest({ ...state, exitStatus: event.status });
  return to(state, { name: "stopped", exitStatus: event.status }, [ENDED_AS_ASKED]);
}

/** The process died by itself. It is started again after a while, or never. */
function judge(before: ServiceState, event: Exited, policy: RestartPolicy): Transition {
  const { status, atMs, unloadable = false } = event;
  const restartsMs = recentRestarts(before.restartsMs, atMs);
  const failedStarts = before.proven ? 0 : before.failedStarts + 1;
  const state = { ...before, exitStatus: status, restartsMs, failedStarts };
  const fatal = !before.wasReady && (policy.fatalStatuses.includes(status) || (unloadable && status !== 0));
  const done = policy.restart === "no" || (policy.restart === "on-failure" && status === 0);
  if (done || fatal || isTooMuch(state, policy)) {
    return to(state, { name: "exited" }, [{ type: "ended", failed: !done, fatal: fatal && !done }]);
  }
  return to(state, { name: "backoff", attempt: state.attempt + 1, restartsMs: [...restartsMs, atMs] }, [
    { type: "back-off", attempt: state.attempt },
  ]);
}

function spawn(state: ServiceState): Transition {
  return to(state, { name: "starting", afterwards: "judge", proven: false }, [{ type: "spawn" }]);
}

function end(state: ServiceState, afterwards: Afterwards, how: "stop" | "fast-stop" | "kill"): Transition {
  return to(state, { name: how === "kill" ? "killing" : "stopping", afterwards }, [{ type: "signal", how }]);
}

/** A stop while it ends. During a restart clients wait for its successor: new ones are not to. */
function stayAway(state: ServiceState): Transition {
  if (state.afterwards === "restart") return to(state, { afterwards: "drain" }, [{ type: "refuse-new" }]);
  return state.afterwards === "drain" ? stay(state) : to(state, { afterwards: "stop" });
}

/** One more process for what waits, asked to end from its first moment: it does so when it has taken that. */
function serveRest(state: ServiceState): Transition {
  const effects: Effect[] = [{ type: "refuse-new" }, { type: "spawn" }, { type: "signal", how: "stop" }];
  return to(state, { name: "stopping", afterwards: "stop", proven: false }, effects);
}

function stay(state: ServiceState): Transition {
  return { state, effects: [] };
}

function to(state: ServiceState, change: Partial<ServiceState>, effects: Effect[] = []): Transition {
  return { state: { ...state, ...change }, effects };
}
