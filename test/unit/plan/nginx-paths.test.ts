import { describe, expect, test } from "vitest";
import { readDirectives } from "../../../src/plan/confinement/directives.ts";
import { confineNginx } from "../../../src/plan/confinement/nginx-paths.ts";
import { runsPrograms } from "../../../src/plan/confinement/programs.ts";

const ROOT = "# configuration file /run/djinit/nginx-root.conf:\nroot /app;\n";

function pathsOf(text: string, file = "/etc/nginx/conf.d/own.conf") {
  return confineNginx(`# configuration file ${file}:\n${text}\n${ROOT}`, "/run", ["/data/more"]);
}

describe("what nginx may read", () => {
  test.each([
    ["root /srv/www;", "/srv/www"],
    ['alias "/srv/my files/";', "/srv/my files/"],
    ["root /srv/hosts/$host/public;", "/srv/hosts/"],
    [`set $base /srv/set; root ${"$"}{base};`, "/srv/set"],
    ["set $where /srv/set; root $where;", "/srv/set"],
    ["map $host $site { default /srv/one; b.example /srv/two; } root $site/public;", "/srv/two"],
    ["split_clients $a $site { 50% /srv/one; * /srv/two; } root $site;", "/srv/two"],
    ["ssl_certificate /tls/live/a.pem;", "/tls/live/a.pem"],
    ["auth_basic_user_file /srv/keys/htpasswd;", "/srv/keys/htpasswd"],
    ["geoip2 /usr/share/GeoIP/c.mmdb { auto_reload 5m; }", "/usr/share/GeoIP/c.mmdb"],
    ["location /docs/ { expires 1d; }", "/app/docs/"],
    ["location = /robots.txt { }", "/app/robots.txt"],
    ["try_files $uri /maintenance.html =503;", "/app/maintenance.html"],
    ['location /e { root "/"; try_files "/srv/pages/413$form" =413; }', "/srv/pages/"],
    ['# djinit serves static "/srv/static"', "/srv/static"],
    ['# djinit serves media "uploads"', "/app/uploads"],
  ])("%s", (text, path) => {
    expect(pathsOf(text).reads).toContain(path);
  });

  test.each([
    ["location /config/ { proxy_pass http://b; }", "/app/config/"],
    ["location ~ /config/ { }", "/app/config/"],
    ["rewrite ^/old/(.*)$ /etc/secret/$1;", "/etc/secret/"],
    ["map $uri $to { default /etc/secret/x; }", "/etc/secret/x"],
    ["# root /srv/www;", "/srv/www"],
    ["root /;", "/"],
    ["location /e { root /; try_files $uri /x$y =404; }", "/"],
    ["proxy_redirect /etc/secret/ /b/;", "/etc/secret/"],
    ["access_log /srv/logs/a.log;", "/srv/logs/a.log"],
  ])("not by %s", (text, path) => {
    expect(pathsOf(text).reads).not.toContain(path);
  });

  test("the project's directory as a whole only where the user's own files say so", () => {
    expect(pathsOf("").reads).not.toContain("/app");
    expect(pathsOf("").reads).toEqual(expect.arrayContaining(["/app/static", "/app/mediafiles"]));
    expect(pathsOf("root /app;").reads).toContain("/app");
  });

  test("the parent of a directory in djinit's own files is not named", () => {
    const text = '# djinit serves media "/srv/a/media"\nlocation "/media/" { root "/srv/a"; }';
    const { reads } = pathsOf(text, "/run/djinit/nginx-media.conf");
    expect(reads).toContain("/srv/a/media");
    expect(reads).not.toContain("/srv/a");
  });
});

describe("what nginx may write", () => {
  test.each([
    ["pid /run/nginx.pid;", "creates", "/run/"],
    ["access_log /srv/logs/$host.log main;", "creates", "/srv/logs/"],
    ["listen unix:/srv/sock/a.sock;", "creates", "/srv/sock/"],
    ["proxy_cache_path /srv/cache levels=1:2;", "writes", "/srv/cache"],
    ["client_body_temp_path /srv/body;", "writes", "/srv/body"],
    ["root /srv/dav; dav_methods PUT;", "writes", "/srv/dav"],
  ] as const)("%s", (text, kind, path) => {
    expect(pathsOf(text)[kind]).toContain(path);
  });

  test("not what it only serves, nor a device; what the operator names, too", () => {
    const { writes, creates, reads } = pathsOf("root /srv/www; access_log /dev/stdout; dav_methods off;");
    expect(writes).not.toContain("/srv/www");
    expect(creates.filter((path) => path.startsWith("/dev/"))).toEqual(["/dev/null"]);
    expect(writes).toContain("/data/more");
    expect(reads).toContain("/data/more");
  });
});

test("a private directory in the place of /run may be read as a whole: what is in it is made anew", () => {
  expect(confineNginx(ROOT, "/tmp/djinit-1", []).reads).toContain("/tmp/djinit-1");
  const { reads } = confineNginx(ROOT, "/run", []);
  expect(reads).toContain("/run/djinit");
  expect(reads).not.toContain("/run");
});

test("a pattern lists its directory, and only that", () => {
  const { lists, reads } = pathsOf("include /app/nginx/*.conf;");
  expect(lists).toEqual(["/app/nginx/"]);
  expect(reads).not.toContain("/app/nginx/");
});

test("what is served is what may come later: neither configuration nor certificates", () => {
  const { served, reads } = pathsOf("root /srv/www; ssl_certificate /tls/a.pem; location = /robots.txt { }");
  expect(served).toEqual(expect.arrayContaining(["/srv/www", "/app/media", "/app/robots.txt"]));
  expect(served).not.toContain("/tls/a.pem");
  expect(served).not.toContain("/etc/nginx");
  expect(reads).toEqual(expect.arrayContaining(served));
});

describe("nginx is left as it is where it runs programs of the project's", () => {
  test.each([
    ["load_module modules/ngx_http_lua_module.so;", "its files load ngx_http_lua_module.so"],
    ["load_module /opt/own/ngx_http_own_module.so;", "its files load ngx_http_own_module.so"],
    ["location / { content_by_lua_block { } }", "its files say content_by_lua_block"],
    ["js_import main from /srv/main.js;", "its files say js_import"],
    ["perl_modules /srv/perl;", "its files say perl_modules"],
    ["modsecurity on;", "its files say modsecurity"],
  ])("%s", (text, why) => {
    expect(runsPrograms(readDirectives(text))).toBe(why);
  });

  test.each([
    "load_module modules/ngx_http_brotli_filter_module.so;",
    "load_module modules/ngx_stream_geoip2_module.so;",
    "load_module modules/ngx_http_headers_more_filter_module.so;",
    "location /perl/ { }",
    "# content_by_lua_block",
    "auth_request /auth/;",
  ])("not for %s", (text) => {
    expect(runsPrograms(readDirectives(text))).toBeUndefined();
  });
});
