import { parseArgs } from "node:util";
import { EXAMPLE_TAG } from "../../tools/image/example.ts";
import { oneOf, positive } from "./option-values.ts";

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
  "crowd",
  "relay",
  "requests",
  "asgi",
  "versions",
] as const;
export type FigureName = (typeof FIGURES)[number];

/** Only where they are asked for: twenty images and forty starts a pair; what needs another version of djinit. */
const UNUSUAL: readonly FigureName[] = ["projects", "versions"];
const USUAL = FIGURES.filter((name) => !UNUSUAL.includes(name));

export interface BenchOptions {
  /** How often each design is measured, in turn with the other. */
  pairs: number;
  figures: readonly FigureName[];
  /** Of the figure projects: those of test/projects; none: all of them. */
  projects: readonly string[];
  /** The example project's image, built FROM djinit. */
  image: string;
  /** Of the figure versions: another version's image of the example project, and its checkout, with node_modules. */
  otherImage?: string;
  otherCheckout?: string;
  /** The whole run is given up after this long. */
  deadlineMinutes: number;
  /** Where every sample is written as JSON. */
  json?: string;
}

export const USAGE = `npm run bench -- [option...]
  --pairs N             measurements of each design (default 10)
  --only NAME           one of ${FIGURES.join(", ")}; may be given several times (default: all but ${UNUSUAL.join(" and ")})
  --project NAME        of the figure projects: one of test/projects (default: all); may be given several times
  --image TAG           the example project's image to measure (default ${EXAMPLE_TAG}, built afresh)
  --other-image TAG     of the figure versions: the example project's image of another version of djinit
  --other-checkout DIR  of the figure versions: that version's sources, with node_modules; without it the relay is left out
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
      "other-image": { type: "string" },
      "other-checkout": { type: "string" },
      "deadline-minutes": { type: "string", default: "30" },
      json: { type: "string" },
    },
  });
  return {
    pairs: positive("--pairs", values.pairs),
    figures: values.only.map((word) => oneOf(FIGURES, word)),
    projects: values.project,
    image: values.image,
    deadlineMinutes: positive("--deadline-minutes", values["deadline-minutes"]),
    ...(values["other-image"] === undefined ? {} : { otherImage: values["other-image"] }),
    ...(values["other-checkout"] === undefined ? {} : { otherCheckout: values["other-checkout"] }),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}
