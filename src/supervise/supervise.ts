// The second life of PID 1: composition root. Nothing of the boot is loaded here.
import { readFileSync } from "node:fs";
import { type Clock, systemClock } from "../base/clock.ts";
import { asDjinitError } from "../base/errors.ts";
import { openSink } from "../logs/open-sink.ts";
import { logError, type OwnLog, openLog } from "../logs/own-log.ts";
import { keepRecent, RecentLines } from "../logs/recent-lines.ts";
import { RelayFigures } from "../metrics/relay-figures.ts";
import { forApplication, withoutBootSecrets } from "../plan/environment.ts";
import { descriptorsOf } from "../plan/handed-sockets.ts";
import type { Plan, ServicePlan } from "../plan/plan.ts";
import { closeOnExec } from "../platform/libc.ts";
import { keepHeapSmall, keepMemorySmall } from "./idle-memory.ts";
import { KilledProcesses } from "./killed-processes.ts";
import { logMemoryEvent, systemMemory, watchMemory } from "./memory-watch.ts";
import { Reaper } from "./reaper.ts";
import { takeSignals } from "./signals.ts";
import { Supervisor } from "./supervisor.ts";

/** A reader of stdout that has stopped must not keep the container from ending. */
const FLUSH_TIMEOUT_MS = 2_000;

/** After an internal error, from the end of the grace period to the end of everything. */
const BACKSTOP_MS = 3_000;

/** What a page of metrics leaves behind, against a log record of the same length. */
const SCRAPE_WASTE = 4;

export interface SuperviseOptions {
  planFile: string;
  /** Signals that came while this was being loaded. */
  pendingSignals: NodeJS.Signals[];
  /** Answers questions about the supervisor, from outside of the process. */
  openAdmin: (subject: {
    supervisor: Supervisor;
    clock: Clock;
    log: OwnLog;
    recent: RecentLines;
    figures: RelayFigures | undefined;
  }) => void;
}

/** Runs the plan until it ends; then ends the process with the container's exit status. */
export async function supervise({ planFile, pendingSignals, openAdmin }: SuperviseOptions): Promise<void> {
  const plan = JSON.parse(readFileSync(planFile, "utf8")) as Plan;
  // A command that has the terminal or the pipes to itself keeps stdout clean: our own records go to stderr.
  const shared = plan.services.some(({ output }) => output === "inherit");
  const recent = new RecentLines();
  const stdio = shared ? openSink(2, "blocking", plan.logs) : openSink(1, "non-blocking", plan.logs);
  const sink = keepRecent(stdio, recent);
  const log = openLog(sink);
  for (const service of plan.services) keepFromOthers(service);
  const reaper = new Reaper(plan.services.flatMap(({ started }) => started?.pid ?? []));
  reaper.start();

  const figures = plan.admin.port === 0 ? undefined : new RelayFigures(plan.admin.metricsHosts);
  const killed = new KilledProcesses();
  const supervisor = new Supervisor(plan, {
    clock: systemClock,
    sink,
    log,
    reaper,
    killed,
    environment: forApplication(process.env),
    ...(figures === undefined ? {} : { observer: figures }),
    readEnvironment: environmentReader(plan),
  });
  process.removeAllListeners("uncaughtException").on("uncaughtException", (thrown) => {
    const error = asDjinitError(thrown);
    logError(log, error);
    // What is broken may be the stop itself.
    systemClock.after(plan.gracePeriodMs + BACKSTOP_MS, () => process.exit(error.exitStatus));
    supervisor.stop("internal error", error.exitStatus);
  });
  takeSignals(supervisor, pendingSignals);
  keepMemorySmall(
    {
      get written() {
        return sink.written + SCRAPE_WASTE * (figures?.printed ?? 0);
      },
      trim: () => sink.trim(),
    },
    systemClock,
  );
  keepHeapSmall(sink, systemClock);
  watchMemory(systemMemory(killed), systemClock, (event) => logMemoryEvent(log, event));
  openAdmin({ supervisor, clock: systemClock, log, recent, figures });
  supervisor.start();

  const status = await supervisor.finished;
  if (!shared) log.info({ exit_status: status }, `stopped, exit status ${status}`);
  await sink.flush(FLUSH_TIMEOUT_MS);
  process.exit(status);
}

/** What the boot left open for one service is no other's. */
function keepFromOthers(plan: ServicePlan): void {
  for (const fd of descriptorsOf(plan)) closeOnExec(fd, true);
}

/** Gives the services' environment as the files have it at each call. */
function environmentReader({ sources }: Plan): () => Promise<NodeJS.ProcessEnv> {
  let last = { environment: process.env as Record<string, string>, sources };
  return async () => {
    const { readFilesAgain } = await import("./environment-files.ts");
    last = readFilesAgain(last);
    return forApplication(withoutBootSecrets(last.environment));
  };
}
