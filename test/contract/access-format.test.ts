import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ACCESS_FORMAT, ACCESS_FORMAT_END } from "../../src/logs/access/format.ts";

const NGINX_CONF = fileURLToPath(new URL("../../docker/etc/nginx/nginx.conf", import.meta.url));

test("nginx.conf writes requests exactly as the relay expects them", () => {
  const text = readFileSync(NGINX_CONF, "utf8");
  const [, parts = ""] = /log_format main escape=json ((?:\s*'[^']*')+);/.exec(text) ?? [];
  const format = [...parts.matchAll(/'([^']*)'/g)].map(([, part]) => part).join("");
  expect(format).toBe(
    ACCESS_FORMAT.map(({ literal, variable }) => literal + variable).join("") + ACCESS_FORMAT_END,
  );
});
