import { refreshLists } from "./apt.ts";
import { run } from "./command.ts";

/**
 * apt source lines for a Debian release, from the mirrors this machine uses itself. Each line of `indexTargets` is
 * `<origin>|<label>|<uri>`. Empty when the machine has no Debian mirror.
 */
export function sourcesFor(suite: string, indexTargets: string): string[] {
  const rows = indexTargets.split("\n").map((line) => line.trim().split("|"));
  const uriOf = (label: string) => rows.find((row) => row[0] === "Debian" && row[1] === label)?.[2];
  const main = uriOf("Debian");
  if (main === undefined) return [];
  const security = uriOf("Debian-Security");
  return [
    `deb ${main} ${suite} main`,
    `deb ${main} ${suite}-updates main`,
    ...(security === undefined ? [] : [`deb ${security} ${suite}-security main`]),
  ];
}

/** The same, asked of this machine's apt. */
export async function hostSourcesFor(suite: string): Promise<string[]> {
  await refreshLists();
  const format = "$(ORIGIN)|$(LABEL)|$(REPO_URI)";
  const ran = await run("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
  return ran.ok ? sourcesFor(suite, ran.stdout) : [];
}
