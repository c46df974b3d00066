import { say } from "../../../tools/engine/say.ts";
import { measureRound } from "../pairs.ts";
import { startAnswering, type WebStart } from "../web-container.ts";
import { type Deployment, type DesignName, startOf } from "./designs.ts";
import type { Sample, WebFigure } from "./figure.ts";
import { WEB_FIGURES, type WebFigureName } from "./figures.ts";
import type { WebOptions } from "./options.ts";
import type { Measured } from "./web-report.ts";

type Chosen = Pick<WebOptions, "figures" | "designs" | "seconds">;

/** Of each figure that is chosen: its rows, still without samples. */
export function rowsOfFigures({ figures }: Chosen): Map<WebFigureName, Measured[]> {
  return new Map(
    figures.map((name) => [name, WEB_FIGURES[name].rows.map((row) => ({ ...row, samples: {} }))]),
  );
}

/**
 * Measures each figure of each design once, and adds the samples. First the figures that are alone; then all designs run, and
 * only one of them is asked at a time. Errors: a design does not answer, or answers wrong.
 */
export async function measureWebRound(
  round: number,
  chosen: Chosen,
  measured: ReadonlyMap<WebFigureName, Measured[]>,
): Promise<void> {
  const [alone, shared] = [true, false].map((isAlone) =>
    chosen.figures.filter((name) => (figureOf(name).isAlone ?? false) === isAlone),
  ) as [WebFigureName[], WebFigureName[]];
  const measure = async (name: WebFigureName, ask: Ask) =>
    addSamples(measured.get(name) ?? [], await measureFigure(round, chosen, name, ask));
  for (const name of alone) await measure(name, askAlone);
  if (shared.length === 0) return;
  const starts = await startAll(designsOf(chosen, shared));
  try {
    for (const name of shared)
      await measure(name, (design, figure, seconds) =>
        figure.measure(starts.get(design) as WebStart, seconds),
      );
  } finally {
    for (const { container } of starts.values()) await container.rm();
  }
}

type Ask = (design: DesignName, figure: WebFigure, seconds: number) => Promise<readonly Sample[]>;

async function measureFigure(
  round: number,
  chosen: Chosen,
  name: WebFigureName,
  ask: Ask,
): Promise<Record<DesignName, readonly Sample[]>> {
  const figure = figureOf(name);
  const measures = designsOf(chosen, [name]).map((design) => [
    design,
    () => ask(design, figure, chosen.seconds),
  ]);
  const samples = await measureRound(round, Object.fromEntries(measures));
  say(`${name}: ${Object.entries(samples).map(told).join(", ")}`);
  return samples as Record<DesignName, readonly Sample[]>;
}

function told([design, samples]: [string, unknown]): string {
  return `${design} ${(samples as readonly Sample[]).map(({ value }) => value.toPrecision(4)).join("/")}`;
}

const askAlone: Ask = async (design, figure, seconds) => {
  const start = await startDesign(design, figure.deployment);
  try {
    return await figure.measure(start, seconds);
  } finally {
    await start.container.rm();
  }
};

async function startAll(designs: readonly DesignName[]): Promise<Map<DesignName, WebStart>> {
  const starts = new Map<DesignName, WebStart>();
  for (const design of designs) starts.set(design, await startDesign(design, "two-workers"));
  return starts;
}

function startDesign(design: DesignName, deployment: Deployment): Promise<WebStart> {
  return startAnswering(startOf(design, deployment));
}

function designsOf({ designs }: Chosen, figures: readonly WebFigureName[]): DesignName[] {
  return designs.filter((design) => figures.some((name) => figureOf(name).designs.includes(design)));
}

function figureOf(name: WebFigureName): WebFigure {
  return WEB_FIGURES[name];
}

function addSamples(rows: readonly Measured[], samples: Record<DesignName, readonly Sample[]>): void {
  for (const [design, values] of Object.entries(samples) as [DesignName, readonly Sample[]][])
    for (const [at, row] of rows.entries()) {
      const sample = values[at];
      if (sample === undefined) throw new Error(`cannot tell ${row.what} of ${design}: it was not measured`);
      row.samples[design] = [...(row.samples[design] ?? []), sample];
    }
}
