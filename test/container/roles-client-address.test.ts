// REMOTE_ADDR as Django has it, with each kind of gunicorn's workers.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { startReadyProject } from "./project-subject.ts";

const TAG = `djinit-test-worker-classes:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/worker-classes");
const CLASSES = [
  ["sync", "wsgi"],
  ["sync --preload", "wsgi"],
  ["gthread --threads 4", "wsgi"],
  ["gevent", "wsgi"],
  ["uvicorn_worker.UvicornWorker", "asgi"],
  ["asgi", "asgi"],
] as const;

/** Django's views, and beside them what a WebSocket's scope says. */
const WHO = `
from django.http import JsonResponse
from django.urls import path

def who(request):
    seen = {name: value for name, value in request.META.items() if "DJINIT" in name and name.startswith("HTTP_")}
    return JsonResponse({"address": request.META["REMOTE_ADDR"], "seen": seen})

urlpatterns = [path("who/", who)]
`;
const SETTINGS = 'from cake_service.settings import *\nROOT_URLCONF = "who"\nALLOWED_HOSTS = ["*"]\n';
const SOCKETS = `
from django.core.asgi import get_asgi_application

django = get_asgi_application()

async def application(scope, receive, send):
    if scope["type"] != "websocket":
        return await django(scope, receive, send)
    await receive()
    await send({"type": "websocket.accept"})
    seen = [name for name, _ in scope["headers"] if b"djinit" in name]
    await send({"type": "websocket.send", "text": f"{scope['client'][0]} {seen}"})
    await send({"type": "websocket.close"})
`;

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

test.each(CLASSES)("%s: REMOTE_ADDR is the client's address", async (worker, kind) => {
  await using container = await startReadyProject({
    image: TAG,
    command: [kind === "asgi" ? "sockets:application" : "cake_service.wsgi:application"],
    files: { "/app/who.py": WHO, "/app/who_settings.py": SETTINGS, "/app/sockets.py": SOCKETS },
    env: {
      GUNICORN_CMD_ARGS: `--worker-class ${worker}`,
      DJANGO_SETTINGS_MODULE: "who_settings",
      // As people write it: bits after the network, and networks in others.
      DJINIT_TRUSTED_PROXIES: "10.1.2.3/8, 0.0.0.0/0, 10.0.0.0/8, ::/0",
      // uvicorn would believe the client's own word: the first of X-Forwarded-For.
      FORWARDED_ALLOW_IPS: "*",
    },
    publish: [8000],
  });
  const url = await container.url("/who/");
  const ask = async (headers: Record<string, string>) =>
    JSON.parse(String((await http(url, { headers })).body));
  for (const address of ["198.51.100.7", "2001:db8::7"])
    expect(await ask({ "X-Forwarded-For": address })).toEqual({ address, seen: {} });
  const { address, seen } = await ask({ "X-Djinit-Client": " 192.0.2.7" });
  expect([address, seen]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/), {}]);
  expect(address).not.toBe("192.0.2.7");
  expect((await container.records()).filter((it) => it.service === "nginx" && it.level === "warn")).toEqual(
    [],
  );
  // uvicorn has no WebSockets without a package of its own.
  if (worker !== "asgi") return;

  const socket = new WebSocket(url.replace("http:", "ws:"));
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  socket.addEventListener("message", ({ data }) => resolve(String(data)));
  socket.addEventListener("error", () => reject(new Error("cannot open a WebSocket")));
  expect(await promise).toBe(`${address} []`);
});
