import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { DjinitError } from "../../../../src/base/errors.ts";
import { withTls } from "../../../../src/boot/nginx/tls.ts";
import type { Config } from "../../../../src/config/variables.ts";
import { readNginxDump } from "../../../../src/plan/nginx.ts";

function subject(check: (text: string) => void) {
  const run = mkdtempSync(join(tmpdir(), "tls-"));
  mkdirSync(join(run, "djinit"));
  onTestFinished(() => rmSync(run, { recursive: true }));
  const text = () => readFileSync(join(run, "djinit/nginx-listen-tls.conf"), "utf8");
  const paths = { certificate: "/c", key: "/k" };
  const tls = { paths, pair: { text: "both", expiresMs: 0 } };
  const look = withTls({ config: { tlsPort: 8443 } as Config, isRoot: false, run, tls }, async () => {
    check(text());
    return readNginxDump(text());
  });
  return { look, text, run };
}

const refused = (message: string) => new DjinitError("DJINIT_NGINX_CONFIGURATION", message);

test("nginx of today: HTTP/2 by a directive of its own", async () => {
  const { look, text, run } = subject(() => {});
  expect((await look()).listens).toContainEqual({
    host: "0.0.0.0",
    port: 8443,
    onlyV6: false,
    holdable: true,
  });
  expect(text()).toContain("listen 8443 ssl;\n");
  expect(text()).toContain("http2 on;\n");
  expect(text()).toContain(`ssl_certificate_key ${run}/djinit/tls.pem;`);
  expect(readFileSync(join(run, "djinit/tls.pem"), "utf8")).toBe("both");
});

test("nginx below 1.25.1, as Debian bookworm has it: a word of listen", async () => {
  const { look, text } = subject((said) => {
    if (said.includes("http2 on"))
      throw refused('unknown directive "http2" in /run/djinit/nginx-listen-tls.conf:2');
  });
  await look();
  expect(text()).toContain("listen 8443 ssl http2;\n");
});

test("whatever else nginx says is passed on", async () => {
  const error = refused('unknown directive "htp2" in /etc/nginx/conf.d/django.conf:2');
  const { look } = subject(() => {
    throw error;
  });
  await expect(look()).rejects.toBe(error);
});
