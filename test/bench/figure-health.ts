import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import { processorMs } from "./processor-time.ts";
import { migrate, settledEnv, startWeb } from "./web-container.ts";

/** One call is too short to be measured alone. */
const CALLS_A_SAMPLE = 5;

/** What an image without a program of its own for it and without curl has as its HEALTHCHECK. */
const PYTHON_CHECK = `python -c 'import urllib.request as u; u.urlopen("http://127.0.0.1:8000/health/")'`;

/** Processor time of one HEALTHCHECK call, user and system. */
export async function measureHealth(pairs: number): Promise<Comparison[]> {
  const { url } = await createDatabase();
  await migrate(url, "bench-password");
  const { container } = await startWeb(runContext().images.example, settledEnv(url));
  const { a, b } = await measureInTurn(
    "health",
    pairs,
    () => processorMs(container, "djinit health", CALLS_A_SAMPLE),
    () => processorMs(container, PYTHON_CHECK, CALLS_A_SAMPLE),
  );
  await container.rm();
  return [
    {
      what: "HEALTHCHECK, processor time a call",
      unit: "ms",
      other: "python one-liner",
      djinitSamples: a,
      otherSamples: b,
      goal: { text: "less than 100 ms", isMet: ({ djinit }) => djinit.median < 100 },
    },
  ];
}
