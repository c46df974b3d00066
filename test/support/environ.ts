import type { Container } from "./container.ts";
import type { Process } from "./proc-parse.ts";

/** The environment a process was started with. */
export async function environOf(container: Container, process: Process): Promise<Record<string, string>> {
  const { capPrm, gid, pid, uid } = process;
  // The kernel shows it to who has the process's ids and at least its capabilities; root in a container is not enough.
  const command = ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"];
  const names = capabilityNumbers(capPrm).map((number) => `+cap_${number}`);
  if (uid !== 0 && names.length > 0) command.push(`--inh-caps=${names}`, `--ambient-caps=${names}`);
  const text = await container.output([...command, "cat", `/proc/${pid}/environ`], { user: "root" });
  const pairs = text.split("\0").filter((pair) => pair.includes("="));
  return Object.fromEntries(
    pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
  );
}

function capabilityNumbers(mask: bigint): number[] {
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n);
}
