// npm run sbom [-- --image IMAGE] [--output FILE]: what an image is made of, asked of the image itself.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { docker } from "../engine/docker.ts";
import { ensureEngine } from "../engine/engine.ts";
import { main, say } from "../engine/say.ts";
import { billOfMaterials, type ImageFacts, type PackageFacts } from "./bill-of-materials.ts";
import { version } from "./bundle.ts";
import { DJINIT_TAG } from "./image.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Prints one line of JSON. Runs in the image, with whatever Python it has. */
const QUESTION = `
import json, platform, subprocess
from importlib.metadata import distributions
from pathlib import Path

os_release = platform.freedesktop_os_release()
listing = subprocess.run(
    ["dpkg-query", "--show", "--showformat=\${Package} \${Version} \${Architecture}\\\\n"], capture_output=True, text=True, check=True
).stdout
node = subprocess.run(["/usr/local/lib/djinit/node", "--version"], capture_output=True, text=True, check=True).stdout
print(json.dumps({
    "distribution": {"id": os_release["ID"], "codename": os_release.get("VERSION_CODENAME", "")},
    "npm": json.loads(Path("/usr/local/share/doc/djinit/npm-packages.json").read_text()),
    "node": {"version": node.strip().lstrip("v"), "machine": platform.machine()},
    "pypi": [
        {"name": found.name, "version": found.version, "license": found.metadata.get("License-Expression") or ""}
        for found in {found.name.lower(): found for found in distributions()}.values()
    ],
    "debian": [dict(zip(("name", "version", "architecture"), line.split())) for line in listing.splitlines()],
}))
`;

type Answer = Omit<ImageFacts, "name" | "version"> & { node: { version: string; machine: string } };

/** The document of an image. Errors: docker's own, where it is no image of djinit's. */
export async function sbomOf(image: string): Promise<string> {
  const run = ["run", "--rm", "--network", "none", "--entrypoint", "python", image, "-c", QUESTION];
  const { node, ...facts } = JSON.parse(await docker(`ask ${image} what it is made of`, run)) as Answer;
  const npm = [...facts.npm, nodePackage(node)];
  return billOfMaterials({ ...facts, npm, name: image.replace(/:[^/]*$/, ""), version });
}

/** The program comes out of a package with a hash, too. */
function nodePackage({ version: nodeVersion, machine }: Answer["node"]): PackageFacts {
  const name = `node-linux-${machine === "aarch64" ? "arm64" : "x64"}`;
  const lock = JSON.parse(readFileSync(`${root}package-lock.json`, "utf8")) as {
    packages: Record<string, { version: string; integrity: string }>;
  };
  const locked = lock.packages[`node_modules/${name}`];
  const integrity = locked?.version === nodeVersion ? { integrity: locked.integrity } : {};
  return { name, version: nodeVersion, license: "MIT", ...integrity };
}

if (import.meta.main) {
  await main(async () => {
    const { values } = parseArgs({
      options: { image: { type: "string", default: DJINIT_TAG }, output: { type: "string" } },
    });
    await ensureEngine();
    const text = await sbomOf(values.image);
    if (values.output === undefined) process.stdout.write(text);
    else {
      writeFileSync(values.output, text);
      say(`Wrote ${values.output}`);
    }
    return 0;
  });
}
