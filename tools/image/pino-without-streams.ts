import { basename } from "node:path";
import type { Plugin } from "esbuild";

/**
 * What pino loads for streams and threads of its own. djinit hands it a stream (`src/logs/write/boot-log.ts`), and each start
 * would pay 5 ms of processor time for them.
 */
const LEFT_OUT: Record<string, string> = {
  transport: refusal("a transport"),
  "sonic-boom": refusal("a stream of its own"),
  worker_threads: "exports.isMainThread = true;",
};

/** Bundles pino without them. */
export const pinoWithoutStreams: Plugin = {
  name: "pino-without-streams",
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^(?:\..*\/transport|sonic-boom|worker_threads)$/ }, ({ importer, path }) =>
      importer.includes("/node_modules/pino/") ? { path: basename(path), namespace: "left-out" } : undefined,
    );
    onLoad({ filter: /./, namespace: "left-out" }, ({ path }) => ({ contents: LEFT_OUT[path] ?? "" }));
  },
};

/** A module whose class or function throws. */
function refusal(what: string): string {
  return `module.exports = function () { throw new Error("cannot give pino ${what}: it is bundled without"); };`;
}
