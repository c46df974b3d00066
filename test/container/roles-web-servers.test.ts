// Web servers of the project's choice, in the words of a developer's CMD: behind nginx, at the socket that PID 1 holds.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { EXIT_STATUS } from "../../src/base/exit-status.ts";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import type { Container } from "../support/docker.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { createDatabase } from "../support/postgres.ts";
import { statusOf } from "../support/records.ts";
import { runContext } from "../support/run-context.ts";
import { ADMIN_PORT, scrape } from "./admin-subject.ts";
import { mainPid, serves } from "./cake-subject.ts";
import { expectStacks } from "./dump-subject.ts";
import { expectLateAnswered } from "./late-requests.ts";
import { startProject, startReadyProject } from "./project-subject.ts";
import { expectNothingLost, startLoad, underLoad } from "./steady-load.ts";
import { type OpenSocket, openSocket } from "./websocket-client.ts";

const TAG = `djinit-test-worker-classes:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/worker-classes");
const ASGI = "who_asgi:application";
/** uvicorn with one process, and granian for WSGI: test/projects. */
const SERVERS = [
  ["uvicorn", ["python", "-m", "uvicorn", ASGI, "--host=0.0.0.0", "--port", "8000", "--workers", "2"]],
  ["granian", ["granian", "--interface", "asginl", ASGI, "--host", "0.0.0.0", "--workers", "2", "--reload"]],
  ["daphne", ["/bin/sh", "-c", `exec daphne -b 0.0.0.0 -p 8000 ${ASGI}`]],
  ["hypercorn", ["hypercorn", ASGI, "--bind", "0.0.0.0:8000", "-w", "2"]],
] as const;

/** On a busy machine it takes 160 s. */
const WHOLE_LIFE_MS = 360_000;
/** Of those in Python: where their own code stands while they wait for requests. */
const STACKS: Partial<Record<string, RegExp>> = {
  granian: /\/granian\/server\//,
  uvicorn: /\/uvicorn\/server\.py/,
  daphne: /\/daphne\/server\.py/,
  hypercorn: /\/hypercorn\/asyncio\//,
};

/** A process of uvicorn's ends by itself, and one of hypercorn's begins. */
const RENEWAL = /^(Maximum request limit of \d+ exceeded|Running on )/;
const SOCKETS = 3;
/** «Going away» and «service restart»: clients know from both that they may come back. */
const GOODBYES = [1001, 1012];

/** The example project, and beside it what a view sees of its client and of its process. */
const URLS = `
import os
from django.http import JsonResponse
from django.urls import include, path

def who(request):
    seen = {name: value for name, value in request.META.items() if "DJINIT" in name and name.startswith("HTTP_")}
    told = {"address": request.META["REMOTE_ADDR"], "scheme": request.scheme, "seen": seen, "pid": os.getpid()}
    return JsonResponse(told)

urlpatterns = [path("who/", who), path("", include("cake_service.urls"))]
`;
const SETTINGS = 'from cake_service.settings import *\nROOT_URLCONF = "who"\nALLOWED_HOSTS = ["*"]\n';
const FILES = {
  "/app/who.py": URLS,
  "/app/who_settings.py": SETTINGS,
  "/app/who_asgi.py": `
from django.core.asgi import get_asgi_application

django = get_asgi_application()

async def application(scope, receive, send):
    if scope["type"] != "websocket":
        await django(scope, receive, send)
        return
    await receive()
    await send({"type": "websocket.accept"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "text": event.get("text") or ""})
`,
};

interface Who {
  address: string;
  scheme: string;
  seen: object;
  pid: number;
}

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

async function who(container: Container, headers: Record<string, string> = {}): Promise<Who> {
  const { status, body } = await http(await container.url("/who/"), { headers });
  if (status !== 200) throw new Error(`/who/ answers ${status}: ${body}`);
  return JSON.parse(String(body)) as Who;
}

/** Waits until none of `old` answers any more. */
async function expectOthers(container: Container, old: ReadonlySet<number>): Promise<void> {
  await eventually(
    async () => {
      const pids = await askedPids(container);
      return ![...pids].some((pid) => old.has(pid));
    },
    { what: "processes with the new code", timeoutMs: 60_000, attach: () => container.logs() },
  );
}

async function askedPids(container: Container): Promise<Set<number>> {
  const answers = [];
  for (let at = 0; at < 12; at += 1) answers.push(await who(container));
  return new Set(answers.map(({ pid }) => pid));
}

/** Some WebSockets, and waits until the metrics tell of just these. */
async function openSockets(container: Container): Promise<OpenSocket[]> {
  const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(container)));
  await eventually(async () => expect((await scrape(container)).get("gunicorn_websockets")).toBe(SOCKETS), {
    what: `${SOCKETS} open WebSockets`,
    attach: () => container.logs(),
  });
  return sockets;
}

async function expectGoodbyes(sockets: readonly OpenSocket[]): Promise<void> {
  const codes = await Promise.all(sockets.map(({ closed }) => closed));
  expect(codes.filter((code) => !GOODBYES.includes(code))).toEqual([]);
}

test.each(SERVERS)(
  "%s, %j: behind nginx, reloads and stops without a lost request or a cut WebSocket, and comes back when it is killed",
  async (server, command) => {
    const { url: DATABASE_URL } = await createDatabase();
    await using container = await startReadyProject({
      image: TAG,
      command: [...command],
      files: FILES,
      env: {
        DATABASE_URL,
        DJANGO_SETTINGS_MODULE: "who_settings",
        DJINIT_TRUSTED_PROXIES: "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
        RUN_COLLECTSTATIC: "1",
        DJINIT_MAX_HEADER_SIZE: "32k",
      },
      publish: [8000, ADMIN_PORT],
    });
    const started = (await container.records()).flatMap(({ msg }) => /^(\S+) started$/.exec(msg)?.[1] ?? []);
    expect(started.sort()).toEqual([server, "nginx"].sort());
    for (const path of ["/admin/login/", "/static/admin/css/base.css"])
      expect((await http(await container.url(path))).status).toBe(200);

    for (const address of ["198.51.100.7", "2001:db8::7"])
      expect(await who(container, { "X-Forwarded-For": address })).toMatchObject({
        address,
        scheme: "http",
        seen: {},
      });
    expect(await who(container, { "X-Forwarded-Proto": "https" })).toMatchObject({ scheme: "https" });
    const forged = await who(container, { "X-Djinit-Client": " 192.0.2.7" });
    expect([forged.address, forged.seen]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\.\d+$/), {}]);
    expect(forged.address).not.toBe("192.0.2.7");

    const long = "l".repeat(30_000);
    expect(await who(container, { Cookie: long, "X-Long": long, "X-Longer": long })).toMatchObject({
      seen: {},
    });

    const { status } = await http(await container.url("/nowhere/"), {
      headers: { "X-Request-ID": "order-1" },
    });
    expect(status).toBe(404);
    const ours = await container.record(
      "Django's record",
      ({ service, ...record }) => service === server && record["request_id"] === "order-1",
    );
    expect(ours).toMatchObject({ level: "warn", logger: "django.request", url: { path: "/nowhere/" } });

    // Its own lines have levels; nothing of it is an access log; what it has not got is told of once.
    const said = await container.records();
    expect(said.filter(({ level, request_id }) => level !== "info" && request_id === undefined)).toEqual([]);
    expect(said.filter(({ service, msg }) => service === server && msg.includes("/who/"))).toEqual([]);
    expect(
      said.filter(({ msg }) => msg.startsWith("djinit keeps its own settings instead of: ")),
    ).toHaveLength(1);

    const place = STACKS[server];
    if (place !== undefined) {
      // Each of those that answer is asked, and none is replaced for it.
      const asked = await expectStacks(container, server, place);
      const answering = [...(await askedPids(container))];
      expect(asked.map(({ pid }) => pid)).toEqual(expect.arrayContaining(answering));
    }

    const before = await askedPids(container);
    const sockets = await openSockets(container);
    const load = startLoad(container, 60);
    await underLoad(container);
    await container.signal("HUP");
    await expectGoodbyes(sockets);
    await expectOthers(container, before);
    expectNothingLost(await load.finish());

    const main = await mainPid(container, server);
    const atDeath = await askedPids(container);
    await container.output(["kill", "-9", String(main)], { user: "root" });
    await serves(container, "/who/");
    await expectOthers(container, atDeath);
    expect(await mainPid(container, server)).not.toBe(main);
    // uvicorn's processes hear of it up to half a second later: what is asked until then shows nothing.
    if (server !== "uvicorn") await expectLateAnswered(container, server);

    const served = (await container.records()).filter((record) => statusOf(record) === 200).length;
    const open = await openSockets(container);
    const last = startLoad(container, 60);
    await underLoad(container, served + 250);
    const stopped = container.stop();
    await expectGoodbyes(open);
    expectNothingLost(await last.finish(), true);
    expect(await stopped).toBe(0);
  },
  WHOLE_LIFE_MS,
);

test.each([
  ["uvicorn", ["--limit-max-requests", "100"]],
  ["uvicorn", ["--limit-max-requests", "100", "--workers", "2"]],
  ["hypercorn", ["--max-requests", "100", "--workers", "2"]],
] as const)(
  "%s %j: renewed by requests, without a lost one, and without a word of PID 1's",
  async (server, words) => {
    const { url: DATABASE_URL } = await createDatabase();
    await using container = await startReadyProject({
      image: TAG,
      command: [server, ASGI, ...words],
      files: FILES,
      env: { DATABASE_URL, DJANGO_SETTINGS_MODULE: "who_settings" },
      publish: [8000],
    });
    const main = await mainPid(container, server);
    const load = startLoad(container, 60);
    const renewals = async () => {
      const records = await container.records();
      // hypercorn's own has no word for it but that of its new process.
      return records.filter(({ service, msg }) => service === server && RENEWAL.test(msg)).length;
    };
    const before = await renewals();
    await eventually(async () => (await renewals()) >= before + 3, {
      what: "three renewals",
      timeoutMs: 120_000,
      attach: () => container.logs(),
    });
    expectNothingLost(await load.finish());
    expect(await mainPid(container, server)).toBe(main);
    const own = (await container.records()).filter(
      ({ service, level }) => service === "djinit" && level !== "info",
    );
    expect(own).toEqual([]);
    expect(await container.stop()).toBe(0);
  },
);

test("a server that is not installed ends the container before anything is changed", async () => {
  await using absent = await startProject({
    command: ["granian", "--interface", "asgi", "cake_service.asgi:application"],
  });
  const { msg } = await absent.record("the error", ({ level }) => level === "error");
  expect(msg).toBe(
    'cannot find command "granian": granian is not installed; add it to the application\'s requirements',
  );
  expect(await absent.wait()).toBe(EXIT_STATUS.badConfiguration);
});
