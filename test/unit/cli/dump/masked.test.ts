import { expect, test } from "vitest";
import { masked, secretsOf } from "../../../../src/cli/dump/masked.ts";
import { loadConfig } from "../../../../src/config/load.ts";

const GIVEN = {
  DATABASE_URL: "postgres://app:pass%40word@db.example/app?application_name=named-so",
  SECRET_KEY: 'a"key',
  API_ACCOUNT: "account-4711",
  GUNICORN_CMD_ARGS: "--env HIDDEN=in-a-list --workers 2",
  DJANGO_SETTINGS_MODULE: "project.settings",
  DB_HOST: "db.example",
  PATH: "/usr/bin",
  SHORT: "app",
  USE_TOKEN_AUTH: "true",
  TOKEN_REFRESH: "None",
  SESSION_KEY_SECONDS: "3600",
  KEYCLOAK_MODE: "production",
};
const secrets = secretsOf(loadConfig(GIVEN, "/app"));

test.each([
  ["what a variable has", `it is ${GIVEN.DATABASE_URL}`],
  ["a password alone, as it is sent", "login with pass@word failed"],
  ["a value of a URL's query", "session named-so"],
  ["in JSON", JSON.stringify({ said: GIVEN.SECRET_KEY })],
  ["a variable of the application's own", "worker --for account-4711"],
  ["a word of a list", "argv: in-a-list"],
  ["a URL of somebody else's", "redis://user:other-one@host"],
  ["a header", "Authorization: Bearer other-one.2"],
  ["a key", "-----BEGIN RSA PRIVATE KEY-----\nother-one\n-----END RSA PRIVATE KEY-----"],
  ["an option", "worker --api-key=other-one"],
  ["JSON that names it", '{"user":"u","db_password": "other-one"}'],
  ["a setting that names it", "aws_secret_access_key: other-one"],
  ["a cookie", "sessionid=other-one; path=/"],
  ["a known one that a message is cut in", 'cannot read "worker --for account-47…"'],
  ["a URL of somebody else's that a message is cut in", "worker --broker redis://user:other-one…"],
  ["JSON with an escaped quote", '{"db_password": "a\\"other-one"}'],
])("%s is masked", (_, text) => {
  const clean = masked(text, secrets);
  expect(clean).toContain("********");
  expect(clean).not.toMatch(/pass@word|pass%40word|named-so|a\\?"key|4711|account-47|in-a-list|other-one/);
});

test.each([
  ["project.settings reads /usr/bin for app at db.example"],
  ['{"name":"SECRET_KEY","secret":true,"from":"container"}'],
  ["ssl_certificate_key /etc/ssl/site.key;"],
  ["GET /api/tokens HTTP/1.1 200"],
  ['{"live": true, "since": null, "ready": false, "seconds": 3600, "replicas": 0, "mode": "production"}'],
])("%s stays", (text) => {
  expect(masked(text, secrets)).toBe(text);
});

test.each([
  ["one name that is a word again and again", "token"],
  ["names, each before the next", "token="],
  ["names in quotes", '"token"'],
  ["names that nothing follows", "token "],
  ["addresses", "://a:b"],
  ["cuts", "account-47…"],
  ["keys that do not end", "-----BEGIN PRIVATE KEY-----"],
  ["a member that does not end", '"token": "'],
  ["escapes", "\\n"],
])("%s: a text of 4 MiB is masked in no time", (_, part) => {
  const text = `"token": "x" ${part.repeat((4 * 1024 * 1024) / part.length)}`;
  const startedMs = performance.now();
  masked(text, secrets);
  // The square of its length would be hours.
  expect(performance.now() - startedMs).toBeLessThan(30_000);
});

test("a member of 32 MiB of escapes is masked", () => {
  expect(masked(`{"token": "${"\\n".repeat(16 * 1024 * 1024)}"}`, [])).toBe('{"token": "********"}');
});
