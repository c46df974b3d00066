// The rows of the table about hooks. Part of variables.ts.
import { seconds } from "./value-types.ts";
import { variable } from "./variable.ts";

export const HOOK_VARIABLES = {
  hookTimeoutMs: variable(
    "DJINIT_HOOK_TIMEOUT",
    seconds(1, 86_400),
    "Deadline of each hook (/etc/djinit/hooks).",
    { default: "600" },
  ),
} as const;
