// A real browser: Debian's chromium, driven by playwright-core.
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { canInstallPackages, installPackages } from "../../tools/engine/apt.ts";
import { say } from "../../tools/engine/say.ts";

const EXECUTABLE = "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * Starts the browser; where Debian's chromium is missing it is installed, and says so. Errors: it is missing and cannot
 * be installed here.
 */
export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) {
    if (!canInstallPackages())
      throw new Error(
        `cannot start a browser: ${EXECUTABLE} is missing, and packages can be installed only as root on Debian`,
      );
    say("Installing chromium from Debian for the browser tests");
    await installPackages(["chromium"]);
  }
  return chromium.launch({ executablePath: EXECUTABLE, args: FLAGS });
}
