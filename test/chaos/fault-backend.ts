// The database or the broker goes away, or does not answer, and comes back.
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { engine } from "./engine-api.ts";
import type { FaultReport } from "./observation.ts";
import type { Round } from "./round.ts";
import type { Subject } from "./subject.ts";

/** Seconds until the engine kills what it stops. */
const STOP_S = 10;

export async function disturbDatabase({ backends }: Subject, round: Round): Promise<FaultReport> {
  const { id } = backends.database;
  const fromMs = Date.now();
  if (round.durationMs === 0) await engine("POST", `/containers/${id}/restart?t=${STOP_S}`);
  else {
    // On a busy machine the engine may not manage to freeze all of its processes at the first attempt.
    await eventually(() => engine("POST", `/containers/${id}/pause`), { what: "the database is paused" });
    try {
      await delay(round.durationMs);
    } finally {
      await engine("POST", `/containers/${id}/unpause`);
    }
  }
  return { fromMs, toMs: Date.now(), exits: [] };
}

/** Stopped and, after the round's time, started again with what it had written down. */
export async function takeBrokerAway({ backends }: Subject, round: Round): Promise<FaultReport> {
  const { id } = backends.broker;
  const fromMs = Date.now();
  await engine("POST", `/containers/${id}/stop?t=${STOP_S}`);
  const brokerGoneMs = Date.now();
  try {
    await delay(round.durationMs);
  } finally {
    await engine("POST", `/containers/${id}/start`);
  }
  return { fromMs, toMs: Date.now(), exits: [], brokerGoneMs };
}
