// Whether a celery worker or beat lives, and whether it can work. Pure.
import type { Heartbeat } from "../metrics/heartbeat.ts";

/** A healthy loop comes round every 2 s; a machine that is overloaded for a while is no reason to restart anything. */
const STALE_AFTER_S = 30;

/** The library that speaks with the broker. Not kombu's event loop, from which everything is called. */
const BROKER_FRAME =
  /\/(kombu\/(transport|connection|messaging|pools|resource|entity)|amqp|redis|vine|boto3|botocore)\b/;
/** A task that runs in the worker's own process, with the pool `solo`. */
const TASK_FRAME = /\/celery\/app\/trace\.py/;
/** What is called from further out than that is not what it waits for. */
const INNER_FRAMES = 12;

export interface Verdict {
  live: boolean;
  ready: boolean;
  /** Completes «celery-worker …». */
  detail: string;
}

const WELL: Verdict = { live: true, ready: true, detail: "is running" };

/** `frames` are where a process that has stalled was seen, the innermost first. */
export function judgeHeartbeat(heartbeat: Heartbeat, nowS: number, frames: () => string[]): Verdict {
  if (heartbeat.state === "connecting") {
    const forS = Math.round(nowS - (heartbeat.since ?? heartbeat.at));
    return { live: true, ready: false, detail: `has been without its broker for ${forS} s` };
  }
  const dueS = heartbeat.kind === "beat" ? (heartbeat.due ?? heartbeat.at) : heartbeat.at;
  const lateS = nowS - dueS;
  if (lateS <= STALE_AFTER_S || heartbeat.state === "starting") return WELL;
  return judgeStall(heartbeat, nowS, Math.round(lateS), frames());
}

function judgeStall({ oldest, kind }: Heartbeat, nowS: number, lateS: number, frames: string[]): Verdict {
  const inTask = frames.some((frame) => TASK_FRAME.test(frame));
  if (oldest && (inTask || frames.length === 0)) {
    const [task, sinceS] = oldest;
    return { ...WELL, detail: `runs ${task} in its own process for ${Math.round(nowS - sinceS)} s` };
  }
  const sign = kind === "beat" ? "tick" : "heartbeat";
  if (frames.slice(0, INNER_FRAMES).some((frame) => BROKER_FRAME.test(frame))) {
    return { live: true, ready: false, detail: `waits for its broker: no ${sign} for ${lateS} s` };
  }
  const where = frames[0] === undefined ? "" : `, last seen in ${frames[0]}`;
  return { live: false, ready: false, detail: `is stuck: no ${sign} for ${lateS} s${where}` };
}
