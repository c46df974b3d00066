import { checkHealth, hasStarted } from "../control/checks.ts";
import type { AdminContext } from "../control/context.ts";
import type { Check } from "../control/protocol.ts";
import { type Asked, sendVerdict, type Verdict } from "../serve/page-server.ts";

const PROBES: ReadonlyMap<string, (context: AdminContext) => Verdict> = new Map([
  [
    "/livez",
    ({ supervisor }) => {
      const { live, checks } = checkHealth(supervisor);
      return { ok: live, lines: linesOf(checks, "live") };
    },
  ],
  [
    "/readyz",
    ({ supervisor }) => {
      const { ready, checks } = checkHealth(supervisor);
      return { ok: ready, lines: linesOf(checks, "ready") };
    },
  ],
  [
    "/startupz",
    ({ supervisor }) => ({
      ok: hasStarted(supervisor),
      lines: supervisor.services.map(({ name, state }) => ({
        ok: state.wasReady,
        text: `${name} ${state.wasReady ? "has come up" : `is ${state.name}`}`,
      })),
    }),
  ],
]);

/** False if the path is no probe. */
export function answerProbe(asked: Asked, context: AdminContext): boolean {
  const probe = PROBES.get(asked.path);
  if (probe === undefined) return false;
  sendVerdict(asked.path.slice(1), probe(context), asked);
  return true;
}

function linesOf(checks: readonly Check[], which: "live" | "ready"): Verdict["lines"] {
  return checks.map((check) => ({ ok: check[which], text: `${check.name} ${check.detail}` }));
}
