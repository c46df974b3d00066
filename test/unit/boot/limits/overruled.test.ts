import { expect, test } from "vitest";
import { findOverruled } from "../../../../src/boot/limits/overruled.ts";

const OURS = {
  "/etc/nginx/conf.d/limits.conf": "include /run/djinit/nginx-limits*.conf;",
  "/etc/nginx/conf.d/django.conf.d/application.conf": "include /run/djinit/nginx-rate*.conf;",
  "/etc/nginx/conf.d/django.conf.d/locations/root.conf": "include /run/djinit/nginx-waits*.conf;",
  "/etc/nginx/conf.d/django.conf.d/upstream.conf": "upstream kept {\n  server a;\n  keepalive_timeout 1s;\n}",
  "/run/djinit/nginx-limits.conf": "client_max_body_size 5;\nsend_timeout 5s;",
};
const SET = {
  DJINIT_MAX_BODY_SIZE: "5",
  DJINIT_CLIENT_TIMEOUT: "5",
  DJINIT_KEEPALIVE_TIMEOUT: "5",
  DJINIT_RATE_LIMIT: "5/s",
};

test("djinit's own lines are in nobody's way", () => {
  expect(findOverruled(SET, OURS)).toEqual([]);
});

test("a file that says the same is named, where the variable is set", () => {
  const files = {
    ...OURS,
    "/etc/nginx/own.conf": "server { client_max_body_size 9m; }",
    "/own2": "upstream kept { keepalive_timeout 1s; } send_timeout 3s; keepalive_timeout 3s;",
  };
  expect(findOverruled(SET, files).map(({ problem }) => problem)).toEqual([
    'DJINIT_MAX_BODY_SIZE is "5", but /etc/nginx/own.conf says client_max_body_size, which wins: remove one of them',
    'DJINIT_CLIENT_TIMEOUT is "5", but /own2 says send_timeout, which wins: remove one of them',
    'DJINIT_KEEPALIVE_TIMEOUT is "5", but /own2 says keepalive_timeout, which wins: remove one of them',
  ]);
  expect(findOverruled({ DJINIT_MAX_BODY_SIZE: "" }, files)).toEqual([]);
});

test("a name that only ends so, or begins so, is another one", () => {
  const files = { ...OURS, "/own": "proxy_send_timeout 3s; my_client_max_body_size 3;" };
  expect(findOverruled(SET, files)).toEqual([]);
});

test("a file without the line that includes djinit's: so it is said, with the line", () => {
  expect(findOverruled({ DJINIT_RATE_LIMIT: "5/s" }, { "/own": "" })).toEqual([
    {
      variable: "DJINIT_RATE_LIMIT",
      value: "5/s",
      problem:
        'DJINIT_RATE_LIMIT is "5/s", but no file of nginx\'s has the line `include /run/djinit/nginx-rate*.conf;`: add it',
    },
  ]);
});
