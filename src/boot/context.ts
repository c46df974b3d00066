import type { FileSources } from "../config/file-variables.ts";
import type { Config } from "../config/variables.ts";
import type { OwnLog } from "../logs/write/own-log.ts";
import type { Sink } from "../logs/write/sink.ts";
import type { Invocation } from "../plan/role.ts";
import type { BootObserver } from "./facts.ts";

/** What the steps of the boot work with. */
export interface Preparation {
  invocation: Invocation;
  config: Config;
  /** The container's own, with what files add to it. */
  environment: NodeJS.ProcessEnv;
  /** Which of its variables come from files. */
  sources: FileSources;
  sink: Sink;
  log: OwnLog;
  observer: BootObserver;
  /** Aborted when the container is asked to stop. */
  signal: AbortSignal;
}
