// What nginx keeps from the application where the peer is no trusted proxy is what its cache has to know of a request.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cacheZone } from "../../src/boot/limits/cache.ts";

const FORWARDED = "../../docker/etc/nginx/conf.d/django.conf.d/forwarded/headers.conf";
/** Where a request comes from: no page follows from that. */
const ADDRESS = /(IP|IPv6|Addr|Address|For|X-Forwarded-By)$/;

test("each header that frameworks believe is in the cache's key, or has the answer kept from it", () => {
  const text = readFileSync(new URL(FORWARDED, import.meta.url), "utf8");
  const names = Array.from(text.matchAll(/^proxy_set_header (\S+) /gm), ([, name = ""]) => name);
  const known = new Set(cacheZone(1).match(/(?<=\$http_)\w+/g));
  const unknown = names.filter(
    (name) => !ADDRESS.test(name) && !known.has(name.toLowerCase().replaceAll("-", "_")),
  );
  expect([names.length > 50, unknown]).toEqual([true, []]);
});
