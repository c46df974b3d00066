import { expect, test } from "vitest";
import { nginxCommand } from "../../../src/plan/nginx.ts";
import { CheckOutput } from "../../../src/supervise/reload/check-output.ts";

const NGINX = nginxCommand("", "-T");
const GUNICORN = ["gunicorn", "cakes.wsgi", "--check-config"];
const HEAD = "# configuration file /etc/nginx/nginx.conf:";
const KIB = "x".repeat(1023);

test("nginx's files are kept as it shows them", () => {
  const output = new CheckOutput(NGINX);
  for (const line of ["ok", HEAD, "http {}"]) output.line(line);
  expect(output).toMatchObject({ isCutShort: false, isTooLong: false, shown: `ok\n${HEAD}\nhttp {}` });
});

test("more than 16 MiB of them are too long, and nothing of them is kept", () => {
  const output = new CheckOutput(NGINX);
  output.line(HEAD);
  for (let kib = 0; kib < 16 * 1024 - 1; kib += 1) output.line(KIB);
  expect(output.isTooLong).toBe(false);
  output.line(KIB);
  expect(output).toMatchObject({ isTooLong: true, shown: "" });
});

test("of an application's check nothing is kept, however much it prints", () => {
  const output = new CheckOutput(GUNICORN);
  for (let kib = 0; kib < 20 * 1024; kib += 1) output.line(KIB);
  expect(output).toMatchObject({ isTooLong: false, shown: "" });
  output.line("checking whether the application can be loaded");
  expect(output.isCutShort).toBe(true);
});
