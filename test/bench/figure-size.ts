import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { BENCH_IMAGES } from "./bench-images.ts";
import type { Comparison } from "./comparison.ts";

/** The example project's image against the same without djinit and node. */
export async function measureSize(): Promise<Comparison[]> {
  const sizeOf = async (tag: string): Promise<number> =>
    Number(await docker(`inspect ${tag}`, ["image", "inspect", "--format", "{{.Size}}", tag])) / 1e6;
  return [
    {
      what: "image size",
      unit: "MB",
      other: "without djinit and node",
      djinitSamples: [await sizeOf(runContext().images.example)],
      otherSamples: [await sizeOf(BENCH_IMAGES.plain)],
    },
  ];
}
