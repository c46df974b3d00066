import type { Check, Health } from "../../control/protocol.ts";
import type { Arguments } from "../arguments.ts";
import { ask } from "../ask-control.ts";

/**
 * Exit status 0 if the container is ready (with --live: if it need not be restarted), otherwise 1 and a line that says why.
 * The answer is that of /readyz and /livez.
 */
export async function health({ options }: Arguments): Promise<number> {
  const answer = await ask<Health>({ verb: "health" });
  const which = options["live"] ? "live" : "ready";
  if (options["json"]) console.log(JSON.stringify(answer, undefined, 2));
  else {
    if (options["verbose"])
      for (const check of answer.checks) console.log(`[${check[which] ? "+" : "-"}] ${sentence(check)}`);
    console.log(verdict(answer, which));
  }
  return answer[which] ? 0 : 1;
}

function verdict(answer: Health, which: "live" | "ready"): string {
  if (answer[which]) return which;
  if (answer.draining) return "stopping";
  const failed = answer.checks.filter((check) => !check[which]).map(sentence);
  return `not ${which}: ${failed.join(", ")}`;
}

function sentence({ name, detail }: Check): string {
  return `${name} ${detail}`;
}
