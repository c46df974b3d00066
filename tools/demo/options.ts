import { parseArgs } from "node:util";

export const DEMO_HELP = `npm run demo -- [--full] [--port N]

Builds djinit and the example project, and runs them at http://127.0.0.1:8000 until Ctrl-C.

  --full     web, worker, beat, Postgres and Redis in separate containers, instead of all in one
  --port N   another port than 8000
  --help     this text`;

export interface DemoOptions {
  help: boolean;
  full: boolean;
  port: number;
}

/** Reads the demo's arguments. Errors: an unknown argument or a bad port. */
export function parseDemoOptions(argv: readonly string[]): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      full: { type: "boolean", default: false },
      port: { type: "string", default: "8000" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const port = Number(values.port);
  if (!/^\d+$/.test(values.port) || port < 1 || port > 65_535) {
    throw new Error(`cannot use port «${values.port}»: it must be a number from 1 to 65535`);
  }
  return { help: values.help, full: values.full, port };
}
