import type { ServerResponse } from "node:http";
import { checkHealth, hasStarted } from "../control/checks.ts";
import type { AdminContext } from "../control/context.ts";
import type { Check } from "../control/protocol.ts";

export const PLAIN = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };

interface Answer {
  ok: boolean;
  lines: { ok: boolean; text: string }[];
}

const PROBES: ReadonlyMap<string, (context: AdminContext) => Answer> = new Map([
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

/** Answers 200 or 503; with `?verbose`, one line for each check. False if `path` is no probe. */
export function answerProbe(
  path: string,
  query: string,
  response: ServerResponse,
  context: AdminContext,
): boolean {
  const probe = PROBES.get(path);
  if (probe === undefined) return false;
  const { ok, lines } = probe(context);
  const name = path.slice(1);
  const verdict = `${name} ${ok ? "passed" : "failed"}`;
  const wantsAll = new URLSearchParams(query).has("verbose");
  const failed = lines.filter((line) => !line.ok).map(({ text }) => text);
  const body = wantsAll
    ? [...lines.map((line) => `[${line.ok ? "+" : "-"}] ${line.text}`), verdict].join("\n")
    : [verdict, ...failed].join(": ");
  response.writeHead(ok ? 200 : 503, PLAIN).end(`${body}\n`);
  return true;
}

function linesOf(checks: readonly Check[], which: "live" | "ready"): Answer["lines"] {
  return checks.map((check) => ({ ok: check[which], text: `${check.name} ${check.detail}` }));
}
