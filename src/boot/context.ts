import { systemClock } from "../base/clock.ts";
import type { Problem } from "../config/problem.ts";
import type { Procfile } from "../config/procfile.ts";
import type { FileSources } from "../config/sources/sources.ts";
import type { Config } from "../config/variables.ts";
import { type HeldLog, holdLog } from "../logs/write/held-log.ts";
import { openSink } from "../logs/write/open-sink.ts";
import type { Sink } from "../logs/write/sink.ts";
import { planBoot } from "../plan/boot-steps.ts";
import { planLogs } from "../plan/build-plan.ts";
import type { BootPlan } from "../plan/plan.ts";
import { resolveInvocation } from "../plan/processes/resolve.ts";
import type { Invocation } from "../plan/role.ts";
import { findBeatInside } from "../plan/words/beat-inside.ts";
import { findOldWords, withoutOldWords } from "../plan/words/old-words.ts";
import { findServerCommand } from "../plan/words/server-command.ts";
import { ageMs } from "../platform/process-usage.ts";
import { type BootObserver, type GatheredFacts, gatherFacts, observeBoth } from "./facts.ts";
import { findReplacedScript } from "./files/replaced-script.ts";
import type { Place } from "./first-djinit.ts";
import { loadGiven } from "./given.ts";
import { findHooks, type Hook } from "./hooks/find-hooks.ts";
import { BootProgress } from "./progress.ts";
import { type ReloadRequest, rememberReload } from "./reload-request.ts";
import { stopOnSignals } from "./stop-signals.ts";

/** What the steps of the boot work with. */
export interface BootContext {
  /** Whether the container is this djinit's. Beside another djinit, a release touches nothing under /run. */
  place: Place;
  isRoot: boolean;
  invocation: Invocation;
  config: Config;
  procfile: Procfile;
  /** Bad values of variables and files. */
  problems: Problem[];
  /** The container's environment, with what files add to it. */
  environment: NodeJS.ProcessEnv;
  /** Which of its variables come from files. */
  sources: FileSources;
  steps: BootPlan;
  /** Of the image's own, for a container that prepares or starts services. */
  hooks: Hook[];
  sink: Sink;
  /** Holds its records until the second half opens it. */
  log: HeldLog;
  observer: BootObserver;
  gathered: GatheredFacts;
  progress: BootProgress;
  /** A reload that is asked for while the container boots. */
  reload: ReloadRequest;
  /** Aborted when the container is asked to stop. */
  signal: AbortSignal;
}

/** `given` is the image's CMD. `pendingSignals` came before. */
export function openContext(given: string[], place: Place, pendingSignals: NodeJS.Signals[]): BootContext {
  const loaded = loadGiven();
  const { config, environment, procfile, problems, sources, warnings } = loaded;
  const { invocation, ...resolved } = resolveInvocation(withoutOldWords(given).argv, loaded);
  problems.push(...resolved.problems);
  warnings.push(...resolved.warnings);
  if (place.isFirst) warnings.push(...findOldWords(given), ...findReplacedScript());
  // A command that has stdout to itself shares it with djinit: a descriptor must not become non-blocking for the command.
  const raw = invocation.role === "command" && config.commandOutput !== "json";
  const logs = planLogs(config);
  const log = holdLog();
  const words = [...findServerCommand(invocation, config), ...findBeatInside(invocation)];
  for (const { variable, problem } of [...warnings, ...words]) log.warn({ variable }, problem);
  for (const { problem } of resolved.notes) log.info({ file: procfile.path }, problem);
  const isRoot = process.getuid?.() === 0;
  const hasHooks = invocation.role !== "command" && invocation.half !== "nginx";
  const found = hasHooks ? findHooks(isRoot) : { hooks: [], problems: [] };
  const gathered = gatherFacts();
  const progress = new BootProgress(systemClock, ageMs());
  return {
    place,
    isRoot,
    invocation,
    config,
    procfile,
    problems: [...problems, ...found.problems],
    environment,
    sources,
    steps: planBoot(invocation, config),
    hooks: found.hooks,
    sink: raw ? openSink(2, "blocking", logs) : openSink(1, "non-blocking", logs),
    log,
    observer: observeBoth(gathered, progress),
    gathered,
    progress,
    reload: rememberReload(invocation.role, log, pendingSignals),
    signal: stopOnSignals(pendingSignals),
  };
}
