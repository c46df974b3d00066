// A site below a path, and behind a proxy that speaks https.
import { describe, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type SiteCase, startSite, warningsOf } from "./site-subject.ts";

const CSS = "body {\n  color: peachpuff;\n}\n";

describe("a site below /shop, with a proxy that takes it away and with one that does not", () => {
  test.each<[string, SiteCase]>([
    [
      "FORCE_SCRIPT_NAME",
      { site: { FORCE_SCRIPT_NAME: "/shop", STATIC_URL: "static/", MEDIA_URL: "uploads/" } },
    ],
    [
      "DJINIT_URL_PREFIX",
      { site: { STATIC_URL: "static/", MEDIA_URL: "uploads/" }, env: { DJINIT_URL_PREFIX: "/shop/" } },
    ],
  ])("%s", async (_, { site, env = {} }) => {
    const { ask, container } = await startSite({
      site: { ...site, STATIC_ROOT: "/tmp/collected", MEDIA_ROOT: "/srv/uploads" },
      env,
      files: { "/srv/uploads/a.txt": "a" },
    });
    for (const prefix of ["/shop", ""]) {
      expect((await ask(`${prefix}/static/css/site.css`)).body.toString()).toBe(CSS);
      expect((await ask(`${prefix}/uploads/a.txt`)).body.toString()).toBe("a");
      const told = JSON.parse((await ask(`${prefix}/tea/?a=1&b=%2F`)).body.toString());
      expect(told).toMatchObject({
        path: "/shop/tea/",
        path_info: "/tea/",
        query: "a=1&b=%2F",
        static: "/shop/static/",
      });
    }
    expect(JSON.parse((await ask("/shop/")).body.toString())).toMatchObject({ path: "/shop/" });
    expect(JSON.parse((await ask("/shopping")).body.toString())).toMatchObject({ path_info: "/shopping" });
    const { status, headers } = await ask("/shop?a=1");
    expect([status, headers["location"]]).toEqual([301, "/shop/?a=1"]);
    expect((await ask("/shop/static/none.css")).status).toBe(404);
    expect(await warningsOf(container)).toEqual([]);
  });
});

describe("readiness of a site that knows only https and its own host", () => {
  const HTTPS = {
    MIDDLEWARE: ["django.middleware.security.SecurityMiddleware"],
    SECURE_SSL_REDIRECT: true,
    SECURE_PROXY_SSL_HEADER: ["HTTP_X_SCHEME", "on"],
    ALLOWED_HOSTS: ["shop.example"],
    STATIC_URL: "/static/",
    STATIC_ROOT: "/tmp/collected",
  };

  test("the page itself is asked, as its users ask it", async () => {
    const { container } = await startSite({ site: HTTPS, env: { DJINIT_READINESS_PATH: "/health/" } });
    expect((await container.exec(["djinit", "health"])).exitCode).toBe(0);
  });

  test("its answer counts, and no redirect", async () => {
    const { container } = await startSite({
      site: HTTPS,
      env: { DJINIT_READINESS_PATH: "/none" },
      isNeverReady: true,
    });
    await eventually(
      async () => {
        const { all } = await container.exec(["djinit", "health", "--verbose"]);
        expect(all).toContain("the last answer to GET /none was 404");
      },
      { what: "an answer", attach: () => container.logs() },
    );
  });
});
