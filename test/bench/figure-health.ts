import type { Container } from "../support/docker.ts";
import { createDatabase } from "../support/postgres.ts";
import { runContext } from "../support/run-context.ts";
import type { Comparison } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
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
    () => processorMs(container, "djinit health"),
    () => processorMs(container, PYTHON_CHECK),
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

async function processorMs(container: Container, command: string): Promise<number> {
  const calls = `for call in $(seq ${CALLS_A_SAMPLE}); do ${command} > /dev/null || exit 1; done; times`;
  const text = await container.output(["bash", "-c", calls]);
  // The second line is of the children: «0m0.123s 0m0.045s».
  const times = [...(text.trim().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)];
  if (times.length !== 2) throw new Error(`cannot read the processor time of ${command}\n${text}`);
  const seconds = times.reduce((sum, [, minutes, rest]) => sum + Number(minutes) * 60 + Number(rest), 0);
  return (seconds * 1000) / CALLS_A_SAMPLE;
}
