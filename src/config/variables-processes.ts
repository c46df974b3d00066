// The rows of the table about processes of the project's own. Part of variables.ts.
import { processes, stopSignal } from "./process-types.ts";
import { seconds, text } from "./value-types.ts";
import { variable } from "./variable.ts";

export const PROCESS_VARIABLES = {
  processes: variable(
    "DJINIT_PROCESSES",
    processes(),
    "Web: entries of the Procfile that run in the same container, each with how many of it, as in `rq=2,mail`.",
  ),
  healthCommands: variable(
    "DJINIT_HEALTH_*",
    text(),
    "By the name of a Procfile's entry in capitals, with _ for -: a command that ends with 0 while the process is well, as in DJINIT_HEALTH_RQ.",
  ),
  stopSignals: variable(
    "DJINIT_STOP_SIGNAL_*",
    stopSignal(),
    "By the same name: the signal that asks the process to finish what it has in hand and to end, if TERM is not it.",
  ),
  healthPeriodMs: variable(
    "DJINIT_HEALTH_PERIOD",
    seconds(1, 3_600),
    "From the end of one such command to the next.",
    { default: "30" },
  ),
  healthTimeoutMs: variable("DJINIT_HEALTH_TIMEOUT", seconds(1, 600), "How long such a command may take.", {
    default: "10",
  }),
} as const;
