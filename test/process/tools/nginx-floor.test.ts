// The build refuses an nginx with known faults. Debian's own program compares the versions.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../../docker/build/nginx-floor.sh");

test.each([
  ["trixie", "1.26.3-3+deb13u11", true],
  ["trixie", "1.26.3-3+deb13u12", true],
  // Without the fix for overflows in `map`, and with that alone.
  ["trixie", "1.26.3-3+deb13u7", false],
  ["trixie", "1.26.3-3+deb13u8", false],
  // nginx.org's.
  ["trixie", "1.29.1-1~trixie", false],
  ["trixie", "1.30.7-1~trixie", true],
  ["trixie", "1.31.0-1", true],
  ["bookworm", "1.22.1-9+deb12u11", true],
  ["bookworm", "1.22.1-9+deb12u9", false],
  ["forky", "1.30.7-1", true],
  ["forky", "1.30.6-1", false],
  ["", "1.30.6-1", false],
])("%s with nginx %s", (codename, version, isFit) => {
  const { status, stderr } = spawnSync("sh", [SCRIPT, codename, version], { encoding: "utf8" });
  expect(status).toBe(isFit ? 0 : 1);
  if (!isFit) expect(stderr).toContain(`nginx ${version} has known faults`);
});
