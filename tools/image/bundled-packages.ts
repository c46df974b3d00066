// Which npm packages dist/ has in it, and what their authors want to be said of them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

export interface BundledPackage {
  name: string;
  version: string;
  license: string;
  /** Of package-lock.json. */
  integrity: string;
}

const PACKAGE = /(?:^|\/)node_modules\/((?:@[^/]+\/)?[^/]+)\//;
const LICENSE_FILE = /^(licen[cs]e|copying)(\.(md|txt|mit))?$/i;

interface Lock {
  packages: Record<string, { integrity?: string }>;
}

/** Those that esbuild has read a file of, by name. Errors: one that is not in package-lock.json with its hash. */
export function bundledPackages(root: string, { inputs }: Metafile): BundledPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  const names = new Set(Object.keys(inputs).flatMap((path) => PACKAGE.exec(path)?.[1] ?? []));
  return [...names].sort().map((name) => {
    const { version, license = "unknown" } = JSON.parse(
      readFileSync(join(root, "node_modules", name, "package.json"), "utf8"),
    ) as { version: string; license?: string };
    const integrity = packages[`node_modules/${name}`]?.integrity;
    if (integrity === undefined)
      throw new Error(`cannot bundle ${name}: package-lock.json has no hash of it`);
    return { name, version, license, integrity };
  });
}

/** One text with all of their licences. */
export function licenseTexts(root: string, packages: readonly BundledPackage[]): string {
  const texts = packages.map(({ name, version, license }) => {
    const directory = join(root, "node_modules", name);
    const file = readdirSync(directory).find((it) => LICENSE_FILE.test(it));
    const text = file === undefined ? "" : readFileSync(join(directory, file), "utf8").trim();
    return `${name} ${version} (${license})\n\n${text === "" ? "It comes without a text of its licence." : text}\n`;
  });
  const own = join(root, "LICENSE");
  return [...(existsSync(own) ? [`djinit\n\n${readFileSync(own, "utf8").trim()}\n`] : []), ...texts].join(
    `\n${"-".repeat(80)}\n\n`,
  );
}
