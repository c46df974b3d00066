// Runs on whatever node the machine has, before anything is installed: brings node_modules to package-lock.json.
// After it, `node` inside npm scripts is the Node 26 of the optionalDependencies.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const stamp = `${root}node_modules/.installed-from`;
const wanted = createHash("sha256")
  .update(readFileSync(`${root}package-lock.json`))
  .digest("hex");
const installed = existsSync(stamp) ? readFileSync(stamp, "utf8") : "";

if (installed !== wanted || !existsSync(`${root}node_modules/.bin/node`)) {
  console.log("Installing the npm packages of package-lock.json");
  const { status } = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: "inherit",
  });
  if (status !== 0) {
    console.error(
      `cannot install the npm packages: npm ci ended with ${status}; is the npm registry reachable?`,
    );
    process.exit(status ?? 1);
  }
  // npm leaves an optional package out where it is for another machine, or cannot be had.
  if (!existsSync(`${root}node_modules/.bin/node`)) {
    console.error(
      "cannot install Node: there is none for this machine among package.json's optionalDependencies",
    );
    process.exit(1);
  }
  writeFileSync(stamp, wanted);
}
