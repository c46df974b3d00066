import { parseArgs } from "node:util";
import { EXAMPLE_TAG } from "../../tools/image/example.ts";

export const FIGURES = [
  "size",
  "memory",
  "health",
  "verbs",
  "scrape",
  "stop",
  "recovery",
  "start",
  "migrations",
  "settings",
  "projects",
  "replicas",
  "relay",
  "requests",
  "asgi",
] as const;
export type FigureName = (typeof FIGURES)[number];

/** Twenty images and forty starts a pair: only where they are asked for. */
const USUAL = FIGURES.filter((name) => name !== "projects");

export interface BenchOptions {
  /** How often each design is measured, in turn with the other. */
  pairs: number;
  figures: readonly FigureName[];
  /** Of the figure projects: those of test/projects; none: all of them. */
  projects: readonly string[];
  /** The example project's image, built FROM djinit. */
  image: string;
  /** The whole run is given up after this long. */
  deadlineMinutes: number;
  /** Where every sample is written as JSON. */
  json?: string;
}

export const USAGE = `npm run bench -- [option...]
  --pairs N             measurements of each design (default 10)
  --only NAME           one of ${FIGURES.join(", ")}; may be given several times (default: all but projects)
  --project NAME        of the figure projects: one of test/projects (default: all); may be given several times
  --image TAG           the example project's image to measure (default ${EXAMPLE_TAG}, built afresh)
  --deadline-minutes N  give up after this long (default 30)
  --json FILE           write every sample to FILE`;

/** Errors: an unknown option or figure, a number that is none. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      pairs: { type: "string", default: "10" },
      only: { type: "string", multiple: true, default: [...USUAL] },
      project: { type: "string", multiple: true, default: [] },
      image: { type: "string", default: EXAMPLE_TAG },
      "deadline-minutes": { type: "string", default: "30" },
      json: { type: "string" },
    },
  });
  return {
    pairs: positive("--pairs", values.pairs),
    figures: values.only.map(figureName),
    projects: values.project,
    image: values.image,
    deadlineMinutes: positive("--deadline-minutes", values["deadline-minutes"]),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

function figureName(name: string): FigureName {
  const found = FIGURES.find((figure) => figure === name);
  if (found === undefined)
    throw new Error(`cannot measure ${JSON.stringify(name)}: it is none of ${FIGURES.join(", ")}`);
  return found;
}

function positive(option: string, text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`cannot use ${option} ${JSON.stringify(text)}: it is no whole number above 0`);
  return number;
}
