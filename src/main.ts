// argv → boot, supervise, or a verb.
import { holdSignals } from "./platform/early-signals.ts";

const VERBS = new Set(["config", "health", "help", "status", "version"]);

async function main([word, ...rest]: string[]): Promise<void> {
  if (word !== undefined && VERBS.has(word) && rest.every((option) => option.startsWith("-"))) {
    const { runVerb } = await import("./admin/admin.ts");
    return runVerb(word, rest);
  }
  // Before the rest is loaded: what comes meanwhile must not be lost.
  const pendingSignals = holdSignals();
  if (word === "supervise" && rest.length === 1) {
    const { supervise } = await import("./supervise/supervise.ts");
    const { serveControl } = await import("./admin/control-server.ts");
    return supervise({ planFile: rest[0] as string, pendingSignals, serveControl });
  }
  const { boot } = await import("./boot/boot.ts");
  return boot({ words: process.argv.slice(2), pendingSignals });
}

void main(process.argv.slice(2));
