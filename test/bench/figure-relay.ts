// What the relay of log lines costs, against a Node that copies the same bytes from pipe to pipe.
import { say } from "../../tools/engine/say.ts";
import type { Comparison, Goal } from "./comparison.ts";
import { measureInTurn } from "./pairs.ts";
import type { LineKind } from "./relay/lines.ts";
import {
  buildPrograms,
  checkSubject,
  measureCopy,
  measureSubject,
  type SubjectFigures,
} from "./relay/measure.ts";

const LINES = 2_000_000;
const COPY = "bare Node copy";
/** Of records that are passed on as they are, and of lines that become records. */
const THROUGHPUT: { kind: LineKind; what: string; linesASecond: number; ratio?: number }[] = [
  { kind: "access", what: "nginx's access lines", linesASecond: 500_000, ratio: 0.5 },
  { kind: "gunicorn", what: "gunicorn's lines", linesASecond: 300_000 },
  { kind: "celery", what: "celery's lines", linesASecond: 300_000 },
];
const MOST_CPU_MICROSECONDS = 2;

const STEADY_LINES = 50_000;
const STEADY_LINES_A_SECOND = 5_000;
const MOST_LATENCY_MS = 5;

/** Fifty million lines in all: what grows without end is larger by then. */
const WRITERS: LineKind[] = [
  ...["access", "access", "access", "access"],
  ...["gunicorn", "gunicorn", "celery", "celery"],
] as LineKind[];
const LINES_EACH = 6_250_000;
const FIRST_SAMPLE = 1_000_000;
const TENTH_SAMPLE = 10_000_000;
const MOST_PRIVATE_MB = 16;
/** Pages that come and go are no growth. */
const NOISE_MB = 0.5;

export async function measureRelay(pairs: number): Promise<Comparison[]> {
  const { directory, remove } = await buildPrograms();
  try {
    const comparisons: Comparison[] = [];
    for (const throughput of THROUGHPUT)
      comparisons.push(...(await measureThroughput(directory, throughput, pairs)));
    comparisons.push(await measureLatency(directory, pairs));
    comparisons.push(...(await measureManyLines(directory)));
    return comparisons;
  } finally {
    remove();
  }
}

async function measureThroughput(
  directory: string,
  { kind, what, linesASecond, ratio }: (typeof THROUGHPUT)[number],
  pairs: number,
): Promise<Comparison[]> {
  const load = { kinds: [kind], linesEach: LINES };
  const { a, b } = await measureInTurn(
    `relay, ${what}`,
    pairs,
    () => measureSubject(directory, load),
    () => measureCopy(directory, load),
  );
  type Times = Pick<SubjectFigures, "seconds" | "cpuSeconds">;
  const rates = (samples: readonly Times[]) => samples.map(({ seconds }) => LINES / seconds);
  const costs = (samples: readonly Times[]) => samples.map(({ cpuSeconds }) => (cpuSeconds * 1e6) / LINES);
  const rateGoal: Goal = {
    text: `at least ${linesASecond} lines/s${ratio === undefined ? "" : ` and ${ratio} × the other`}`,
    isMet: (it) => it.djinit.median >= linesASecond && it.ratio.median >= (ratio ?? 0),
  };
  const costGoal: Goal = {
    text: `at most ${MOST_CPU_MICROSECONDS} µs`,
    isMet: ({ djinit }) => djinit.median <= MOST_CPU_MICROSECONDS,
  };
  return [
    {
      what: `relay of ${what}, one core`,
      unit: "lines/s",
      other: COPY,
      djinitSamples: rates(a),
      otherSamples: rates(b),
      goal: rateGoal,
    },
    {
      what: `relay of ${what}, processor time a line`,
      unit: "µs",
      other: COPY,
      djinitSamples: costs(a),
      otherSamples: costs(b),
      ...(ratio === undefined ? {} : { goal: costGoal }),
    },
  ];
}

async function measureLatency(directory: string, pairs: number): Promise<Comparison> {
  const load = { kinds: ["access" as const], linesEach: STEADY_LINES, linesASecond: STEADY_LINES_A_SECOND };
  const latencyOf = async (subject: "relay" | "copy") => {
    const { faults, firstFault, latenciesMs } = await checkSubject(directory, load, subject);
    if (faults > 0)
      throw new Error(`cannot measure latency: ${faults} lines are not whole, first ${firstFault}`);
    return latenciesMs["p99"] as number;
  };
  const { a, b } = await measureInTurn(
    "relay, latency",
    pairs,
    () => latencyOf("relay"),
    () => latencyOf("copy"),
  );
  return {
    what: `line written → line on stdout, p99 at ${STEADY_LINES_A_SECOND} lines/s`,
    unit: "ms",
    other: COPY,
    djinitSamples: a,
    otherSamples: b,
    goal: {
      text: `at most ${MOST_LATENCY_MS} ms`,
      isMet: ({ djinit }) => djinit.median <= MOST_LATENCY_MS,
    },
  };
}

/** Once: it takes long, and there is nothing to average. */
async function measureManyLines(directory: string): Promise<Comparison[]> {
  const total = WRITERS.length * LINES_EACH;
  const figures = await checkSubject(
    directory,
    { kinds: WRITERS, linesEach: LINES_EACH, sampleAt: [FIRST_SAMPLE, TENTH_SAMPLE, total] },
    "relay",
  );
  const came = figures.counts.reduce((sum, count) => sum + count, 0);
  say(
    `relay, ${total} lines: ${came} came whole and in order, ${figures.faults} did not ${figures.firstFault}`,
  );
  const [first = 0, tenth = 0, last = 0] = figures.privateMb;
  return [
    {
      what: "lines of 8 writers that came whole, once and in order",
      unit: "lines",
      other: "written",
      djinitSamples: [figures.faults === 0 ? came : came - figures.faults],
      otherSamples: [total],
      goal: { text: "all", isMet: ({ ratio }) => ratio.median === 1 },
    },
    {
      what: "private memory after 10 million lines",
      unit: "MB",
      other: "after 1 million",
      djinitSamples: [tenth],
      otherSamples: [first],
      goal: {
        text: `at most ${MOST_PRIVATE_MB} MB, and no growth`,
        isMet: ({ djinit, other }) =>
          djinit.median <= MOST_PRIVATE_MB && djinit.median <= other.median + NOISE_MB,
      },
    },
    {
      what: "private memory after 50 million lines",
      unit: "MB",
      other: "after 10 million",
      djinitSamples: [last],
      otherSamples: [tenth],
    },
  ];
}
