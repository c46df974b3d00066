// Each file of the nginx configuration may be replaced by the project's image, and files may be added.
import { expect, onTestFinished, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { type Files, startSubject } from "./nginx-subject.ts";

const CONF_D = "/etc/nginx/conf.d";

async function start(files: Files, port?: number) {
  const subject = await startSubject(files, port);
  onTestFinished(() => subject.remove());
  return subject;
}

test("locations, maps and the upstream", async () => {
  const subject = await start({
    "/app/static/page.txt": "page",
    [`${CONF_D}/django.conf.d/locations/added.conf`]: "location = /added { return 204; }\n",
    [`${CONF_D}/django.conf.d/locations/media.conf`]: "location /media/ { return 410; }\n",
    [`${CONF_D}/django.conf.d/locations/root.conf`]:
      "location / { proxy_pass http://gunicorn; proxy_set_header Host own.example; }\n",
    [`${CONF_D}/django.conf.d/maps/static_cache_control.conf`]:
      'map $uri $static_cache_control { default "no-store"; }\n',
    [`${CONF_D}/django.conf.d/upstream.conf`]:
      "upstream gunicorn { server unix:/run/none.sock max_fails=0; server unix:/run/gunicorn/gunicorn.sock backup max_fails=0; }\n",
  });
  expect((await subject.ask("/added")).status).toBe(204);
  expect((await subject.ask("/media/x")).status).toBe(410);
  expect((await subject.ask("/static/page.txt")).headers["cache-control"]).toBe("no-store");
  expect((await subject.echo("/")).headers.host).toBe("own.example");
  // What the engine has not read yet is not in the log.
  await eventually(async () => expect(await subject.logs()).toContain("/run/none.sock"));
});

test("django.conf", async () => {
  const subject = await start(
    {
      [`${CONF_D}/django.conf`]: `include ${CONF_D}/django.conf.d/upstream.conf;
        server { listen 8080; location / { proxy_pass http://gunicorn; add_header X-Own yes; } }\n`,
    },
    8080,
  );
  expect((await subject.ask("/static/x")).headers["x-own"]).toBe("yes");
});

test("nginx.conf", async () => {
  const subject = await start({
    "/etc/nginx/nginx.conf": `pid /run/nginx/nginx.pid;
      events {}
      http {
        log_format main escape=json '{"request":"$request","own":true}';
        access_log /dev/stdout main;
        client_body_temp_path /run/nginx/client-body; proxy_temp_path /run/nginx/proxy;
        fastcgi_temp_path /run/nginx/fastcgi; uwsgi_temp_path /run/nginx/uwsgi; scgi_temp_path /run/nginx/scgi;
        add_header X-Own yes;
        include ${CONF_D}/*.conf;
      }\n`,
  });
  expect((await subject.ask("/own")).headers["x-own"]).toBe("yes");
  expect(await subject.records("/own")).toMatchObject([{ own: true }]);
});
