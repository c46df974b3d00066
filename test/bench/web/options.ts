import { parseArgs } from "node:util";
import { oneOf, positive } from "../option-values.ts";
import { DESIGN_NAMES, type DesignName } from "./designs.ts";
import { WEB_FIGURE_NAMES, type WebFigureName } from "./figures.ts";

export interface WebOptions {
  rounds: number;
  figures: readonly WebFigureName[];
  designs: readonly DesignName[];
  /** How long each design is asked for each figure of a round. */
  seconds: number;
  deadlineMinutes: number;
  json?: string;
}

export const USAGE = `npm run bench:web -- [option...]
  --rounds N            measurements of each design (default 5)
  --only NAME           one of ${WEB_FIGURE_NAMES.join(", ")}; may be given several times (default: all)
  --designs NAME,…      of ${DESIGN_NAMES.join(", ")} (default: all); djinit is always among them
  --seconds N           how long each is asked for each figure of a round (default 2)
  --deadline-minutes N  give up after this long (default 40)
  --json FILE           write every sample to FILE`;

/** Errors: an unknown option, figure or design, a number that is none. */
export function readWebOptions(args: readonly string[]): WebOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: "string", default: "5" },
      only: { type: "string", multiple: true, default: [...WEB_FIGURE_NAMES] },
      designs: { type: "string", default: DESIGN_NAMES.join(",") },
      seconds: { type: "string", default: "2" },
      "deadline-minutes": { type: "string", default: "40" },
      json: { type: "string" },
    },
  });
  const designs = values.designs.split(",").map((name) => oneOf(DESIGN_NAMES, name));
  return {
    rounds: positive("--rounds", values.rounds),
    figures: WEB_FIGURE_NAMES.filter((name) =>
      values.only.map((word) => oneOf(WEB_FIGURE_NAMES, word)).includes(name),
    ),
    designs: DESIGN_NAMES.filter((name) => name === "djinit" || designs.includes(name)),
    seconds: positive("--seconds", values.seconds),
    deadlineMinutes: positive("--deadline-minutes", values["deadline-minutes"]),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}
