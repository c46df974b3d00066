// Whether a worker or beat is alive, and whether it can work. Pure.
import { leads } from "../metrics/heartbeat.ts";
import type { Heartbeat } from "../metrics/heartbeat-shape.ts";

/** A healthy loop beats every 2 s. A machine that is overloaded for a while is no reason to restart anything. */
const STALE_AFTER_S = 30;

/** Frames of the standard library (sockets, TLS, sleep), in which threads wait. They do not tell for what. */
const STANDARD_LIBRARY = /\/lib\/python3[.\d]*\/(?!site-packages|dist-packages)|"<frozen /;
/**
 * The libraries that talk to the broker. Not kombu's event loop, from which everything is called. But the loops of gevent
 * and eventlet, which run only when every greenlet waits.
 */
const BROKER_LIBRARY =
  /-packages\/(kombu\/(transport|connection|messaging|pools|resource|entity|utils)|amqp|redis|vine|boto3|botocore|gevent|eventlet)\b/;

/** The libraries that talk to the database, and Django's own modules above them. */
const DATABASE_LIBRARY = /-packages\/(psycopg|psycopg2|psycopg_pool|MySQLdb|pymysql|oracledb|django\/db)\b/;

/** What each kind works with, and where it waits for that. */
const BACKENDS = {
  worker: { name: "broker", library: BROKER_LIBRARY },
  beat: { name: "broker", library: BROKER_LIBRARY },
  tasks: { name: "database", library: DATABASE_LIBRARY },
};

/**
 * Messages wait, and the worker takes none although it has nothing else to do: so it may be after its broker was away. Whether they
 * wait is asked every 15 s.
 */
const DEAF_AFTER_S = 60;
const HOPELESS_AFTER_S = 300;

export interface Verdict {
  live: boolean;
  ready: boolean;
  /** Completes «celery-worker …». */
  detail: string;
}

const WELL: Verdict = { live: true, ready: true, detail: "is running" };

/** `frames` is the stack of a stalled process, the innermost frame first. */
export function judgeHeartbeat(heartbeat: Heartbeat, nowS: number, frames: () => string[]): Verdict {
  const { at, due = at, kind, since = at, state } = heartbeat;
  const lateS = nowS - due;
  const isLate = lateS > STALE_AFTER_S && state !== "starting";
  if (typeof heartbeat.lock_lost === "number" && !isLate) {
    const forS = Math.round(nowS - heartbeat.lock_lost);
    return {
      live: true,
      ready: false,
      detail: `has been without its lock (${heartbeat.lock}) for ${forS} s`,
    };
  }
  // A worker that is looking for its broker does nothing else. beat goes on ticking.
  if (state === "connecting" && !(isLate && kind === "beat")) {
    const forS = Math.round(nowS - since);
    return { live: true, ready: false, detail: `has been without its ${BACKENDS[kind].name} for ${forS} s` };
  }
  return isLate ? judgeStall(heartbeat, nowS, Math.round(lateS), frames()) : judgeConsuming(heartbeat, nowS);
}

function judgeConsuming(heartbeat: Heartbeat, nowS: number): Verdict {
  const { idle_since, lock, queues = {} } = heartbeat;
  if (lock !== undefined) {
    return {
      ...WELL,
      detail: leads(heartbeat, nowS) ? "is running, and leads" : "stands by: another beat leads",
    };
  }
  const forS = nowS - (idle_since ?? nowS);
  if (forS < DEAF_AFTER_S) return WELL;
  const waiting = Object.values(queues).reduce((sum, length) => sum + length, 0);
  const detail = `takes no task, although it is idle and ${waiting} wait, for ${Math.round(forS)} s`;
  return { live: forS < HOPELESS_AFTER_S, ready: false, detail };
}

function judgeStall(heartbeat: Heartbeat, nowS: number, lateS: number, frames: string[]): Verdict {
  const { kind, oldest, solo } = heartbeat;
  if (solo && oldest) {
    const [task, sinceS] = oldest;
    return { ...WELL, detail: `runs ${task} in its own process for ${Math.round(nowS - sinceS)} s` };
  }
  const sign = kind === "beat" ? "tick" : "heartbeat";
  const where = frames.find((frame) => !STANDARD_LIBRARY.test(frame));
  const backend = BACKENDS[kind];
  if (where !== undefined && backend.library.test(where)) {
    return { live: true, ready: false, detail: `waits for its ${backend.name}: no ${sign} for ${lateS} s` };
  }
  const seen = where === undefined ? "" : `, last seen in ${where}`;
  return { live: false, ready: false, detail: `is stuck: no ${sign} for ${lateS} s${seen}` };
}
