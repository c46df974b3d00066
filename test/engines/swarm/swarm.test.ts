// deploy/swarm on three nodes, while requests go on. npm run test:swarm; DJINIT_TEST_SWARM_REQUESTS=2000: a quick look.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ENGINE_IMAGES, ensureServiceImage, SERVICE_IMAGES } from "../../../tools/image/service-image.ts";
import { eventually } from "../../support/eventually.ts";
import { http } from "../../support/http.ts";
import { runContext } from "../../support/run-context.ts";
import { pathsOf, startLoad, type Tally } from "./load.ts";
import { buildNextImages, NEXT_MIGRATION, type NextImages } from "./next-images.ts";
import { type Swarm, startSwarm } from "./nodes.ts";
import { makeStack, type Stack } from "./stack.ts";

const REQUESTS = Number(process.env.DJINIT_TEST_SWARM_REQUESTS ?? 20_000);
/** How long an image may take until it is ready. What is not is replaced a minute later. */
const START_PERIOD = "20s";
/** Of the requests, while a node dies. */
const MOST_LOST = 0.01;

let swarm: Swarm;
let stack: Stack;
let images: NextImages;
let first: string;
/** What web has: each test can be run after the first alone, by its name. */
let current: string;

beforeAll(async () => {
  first = runContext().images.example;
  images = await buildNextImages();
  await ensureServiceImage("haproxy");
  swarm = await startSwarm();
  const { postgres, redis } = SERVICE_IMAGES;
  await swarm.load([first, images.next, images.unready, ENGINE_IMAGES.haproxy], [postgres, redis]);
  stack = await makeStack(swarm);
});
afterAll(() => swarm?.remove());

/** What fails while something is done, and until at least so many requests were sent. Prints a row of docs/swarm.md. */
async function during(what: string, action: () => Promise<void>): Promise<Tally> {
  const load = startLoad(swarm.url, await pathsOf(`${swarm.url}/`));
  try {
    await action();
  } finally {
    await load.finish(Math.max(REQUESTS, load.tally.requests));
  }
  const { requests, failures, seconds, slowestMs } = load.tally;
  console.log(`| ${what} | ${requests} | ${failures.length} | ${slowestMs} ms | ${seconds} s |`);
  return load.tally;
}

const beats = async () =>
  Number(
    await stack.exec("postgres", [
      "psql",
      "--user=app",
      "--tuples-only",
      "--command=SELECT count(*) FROM cakes_beat",
      "app",
    ]),
  );

test("the stack comes up: the release migrates, everything else waits for it", async () => {
  await stack.secret("app_secret_key_1", "the-first-key");
  await stack.secret("app_database_url_1", "postgres://app:for-the-test@postgres/app");
  await stack.secret("app_broker_url_1", "redis://redis/0");
  await stack.secret("app_postgres_password", "for-the-test");
  await stack.deploy({ APP_IMAGE: first, START_PERIOD });
  await stack.settled("web", 3, first);
  await stack.settled("worker", 2, first);
  await stack.settled("beat", 2, first);
  const nodes = (await stack.tasks("web")).map(({ node }) => node);
  expect(new Set(nodes).size).toBe(3);
  current = first;
});

test("what a client says of itself does not reach Django", async () => {
  const said = "203.0.113.66";
  const names = [
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Real-IP",
    "Forwarded",
    "Client-IP",
    "CF-Connecting-IP",
  ];
  const headers = Object.fromEntries(
    [...names, "Remote-User", "X-Original-URL", "X-Own"].map((it) => [it, said]),
  );
  const { text } = await http(`${swarm.url}/debug/headers/`, { headers });
  const seen = JSON.parse(text) as {
    scheme: string;
    remote_address: string;
    headers: Record<string, string>;
  };
  const kept = Object.entries(seen.headers).filter(([, value]) => value.includes(said));
  expect(kept).toEqual([["X-Own", said]]);
  expect([seen.scheme, seen.remote_address]).toEqual(["http", expect.stringMatching(/^\d/)]);
  expect(seen.remote_address).not.toBe(said);
});

test("a new image with a migration, one replica after the other: no request fails", async () => {
  const tally = await during("rolling update of 3 replicas, with a migration", async () => {
    const deploy = () => stack.deploy({ APP_IMAGE: images.next, START_PERIOD });
    expect(await stack.updated("web", deploy)).toBe("completed");
    await stack.settled("web", 3, images.next);
    current = images.next;
  });
  expect(tally.failures).toEqual([]);
  expect(await stack.exec("web", ["djinit", "migrations"])).toContain(NEXT_MIGRATION);
});

test("from 1 to 8 replicas and back to 2: no request fails", async () => {
  const scale = async (count: number) => {
    await swarm.nodes[0].run(["docker", "service", "scale", "--detach", `app_web=${count}`]);
    await stack.settled("web", count, current);
  };
  await scale(1);
  const tally = await during("scale 1 → 8 → 2", async () => {
    await scale(8);
    await scale(2);
  });
  expect(tally.failures).toEqual([]);
  await scale(3);
});

test("a secret is rotated: no request fails, and every replica has the new one", async () => {
  await stack.secret("app_secret_key_2", "the-second-key");
  const tally = await during("secret rotated", async () => {
    const deploy = () => stack.deploy({ APP_IMAGE: current, START_PERIOD, SECRET_KEY_VERSION: "2" });
    expect(await stack.updated("web", deploy)).toBe("completed");
  });
  expect(tally.failures).toEqual([]);
  expect(await stack.exec("web", ["cat", "/run/secrets/SECRET_KEY"])).toBe("the-second-key");
});

test("an image that never gets ready is rolled back: no request fails", async () => {
  const tally = await during("image that is never ready, rolled back", async () => {
    const update = [
      "docker",
      "service",
      "update",
      "--detach",
      "--no-resolve-image",
      "--image",
      images.unready,
    ];
    const state = await stack.updated("web", () => swarm.nodes[0].run([...update, "app_web"]));
    expect(state).toBe("rollback_completed");
    await stack.settled("web", 3, current);
  });
  expect(tally.failures).toEqual([]);
});

test("a node is drained: no request fails", async () => {
  const [manager, node] = swarm.nodes;
  const availability = (word: string) =>
    manager.run(["docker", "node", "update", "--availability", word, node.name]);
  const tally = await during("node drained", async () => {
    await availability("drain");
    await stack.settled("web", 3, current);
    expect((await stack.tasks("web")).map((task) => task.node)).not.toContain(node.name);
  });
  expect(tally.failures).toEqual([]);
  await availability("active");
});

test("a node dies: fewer than one request in a hundred fails, and the work goes on", async () => {
  const victim = swarm.nodes[2];
  const tally = await during("node killed", async () => {
    expect((await stack.tasks("web")).map(({ node }) => node)).toContain(victim.name);
    await victim.kill();
    await eventually(async () => (await stack.tasks("web")).every(({ node }) => node !== victim.name), {
      what: "the node is given up",
      timeoutMs: 120_000,
      intervalMs: 1_000,
    });
    await stack.settled("web", 3, current);
  });
  expect(tally.failures.length / tally.requests, tally.failures.join("\n")).toBeLessThan(MOST_LOST);
  await stack.settled("worker", 2, current);
  await stack.settled("beat", 2, current);
  const before = await beats();
  // Beat sends one each ten seconds, a worker writes it down.
  await eventually(async () => (await beats()) > before, { what: "a task is done", timeoutMs: 120_000 });
});
