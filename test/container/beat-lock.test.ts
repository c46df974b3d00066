// Three beats of one schedule, of which the leader is taken away again and again: one sends, none sends twice, and the next one follows soon.
// DJINIT_TEST_BEAT_ROUNDS=200 npm run test:container -- test/container/beat-lock.test.ts
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker, tryDocker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { startPgbouncer } from "../support/pgbouncer.ts";
import { createDatabase } from "../support/postgres.ts";
import { type Redis, startRedis } from "../support/redis.ts";
import { runContext } from "../support/run-context.ts";
import { ADMIN_PORT, askAdmin } from "./admin-subject.ts";
import { mainPid, startReadyCake } from "./cake-subject.ts";

const VOLUMES = [`${join(import.meta.dirname, "../fixtures/beat-lock")}:/beats:ro`];
/** In all, half of them with each store; a run of two hundred takes twenty minutes. */
const ROUNDS = Number(process.env.DJINIT_TEST_BEAT_ROUNDS ?? 10);
const BEATS = 3;
const PERIOD_S = 1;
/** Between the runs after which two were sent. celery itself is up to 10 ms early. */
const SHORTEST_GAP_S = 0.9 * PERIOD_S;
/** Between two ticks: the period, and the takeover. In a run of all tests the processors are not beat's alone. */
const LONGEST_GAP_S = PERIOD_S + (process.env.DJINIT_TEST_BEAT_ROUNDS === undefined ? 15 : 5);
const LIMIT_MS = 60_000;
/** What each takes beside its rounds, and one round on a machine that others use. */
const TIMEOUT_MS = 300_000 + ROUNDS * 15_000;

const started: Container[] = [];
afterAll(() => Promise.all(started.map((container) => container.rm())));

interface Tick {
  /** The container that has sent it. */
  host: string;
  at: number;
  /** When the one before it was, as its beat knew. */
  after: number;
}

async function ticks({ command }: Redis): Promise<Tick[]> {
  const lines = (await command("lrange", "celery", "0", "-1")).split("\n").filter((line) => line !== "");
  const all = lines.map((line) => {
    const { headers, body } = JSON.parse(line) as { headers: { origin: string }; body: string };
    const [[at, after]] = JSON.parse(Buffer.from(body, "base64").toString()) as [[number, number]];
    return { host: headers.origin.split("@")[1] as string, at, after };
  });
  return all.sort((one, other) => one.at - other.at);
}

function gapsOf(moments: number[]): number[] {
  const sorted = moments.toSorted((one, other) => one - other);
  return sorted.slice(1).map((moment, at) => moment - (sorted[at] as number));
}

const shortId = ({ id }: Container) => id.slice(0, 12);

async function leads(container: Container): Promise<boolean | undefined> {
  const ran = await container.exec(["djinit", "status", "--json"]);
  if (!ran.ok) return undefined;
  const { services } = JSON.parse(ran.stdout) as { services: { leads?: boolean }[] };
  return services.find((service) => service.leads !== undefined)?.leads;
}

/** Where the longest gaps lie, for whoever has to find their cause. */
function longest(all: Tick[]): string {
  const gaps = all.slice(1).map((tick, at) => ({ tick, before: all[at] as Tick }));
  const found = gaps.sort((one, other) => other.tick.at - other.before.at - (one.tick.at - one.before.at));
  return found
    .slice(0, 3)
    .map(({ tick, before }) => {
      const seconds = (tick.at - before.at).toFixed(2);
      return `${seconds} s from ${before.host} at ${new Date(before.at * 1000).toISOString()} to ${tick.host}`;
    })
    .join("; ");
}

/** What is done to the leader, and undone when another one leads. */
interface Fault {
  name: string;
  inflict(leader: Container): Promise<unknown>;
  undo(leader: Container): Promise<unknown>;
}

const engine = (...words: string[]) => docker(words.slice(0, 2).join(" "), words);
const start = (leader: Container) => engine("start", leader.id);
const signalBeat = async (leader: Container, signal: string) =>
  leader.output(["kill", `-${signal}`, String(await mainPid(leader, "celery-beat"))]);

const FAULTS: Fault[] = [
  { name: "killed", inflict: (leader) => engine("kill", leader.id), undo: start },
  {
    name: "frozen, PID 1 not",
    inflict: (leader) => signalBeat(leader, "STOP"),
    undo: (leader) => signalBeat(leader, "CONT"),
  },
  {
    name: "paused",
    // On a busy machine runc gives it up sometimes («unable to freeze»), and undoes it.
    inflict: (leader) =>
      eventually(
        async () => {
          if ((await leader.inspect()).State.Status !== "paused") await engine("pause", leader.id);
          return true;
        },
        { what: "it is paused", timeoutMs: 60_000, intervalMs: 500 },
      ),
    undo: (leader) => engine("unpause", leader.id),
  },
  {
    name: "cut off",
    inflict: (leader) => engine("network", "disconnect", runContext().network, leader.id),
    undo: (leader) => engine("network", "connect", runContext().network, leader.id),
  },
  { name: "stopped", inflict: (leader) => engine("stop", leader.id), undo: start },
];

/** Waits until one leads and all others stand by. What they say of themselves may be older than a lease. */
async function oneLeads(beats: Container[]): Promise<boolean[]> {
  let told: (boolean | undefined)[] = [];
  await eventually(
    async () => {
      told = await Promise.all(beats.map(leads));
      expect(told.toSorted()).toEqual([...Array(beats.length - 1).fill(false), true]);
    },
    {
      what: "one leads",
      timeoutMs: LIMIT_MS,
      attach: async () => (await Promise.all(beats.map((it) => it.logs()))).join("\n"),
    },
  );
  return told.map((it) => it === true);
}

/** One after the other; returns how long each takeover took, from the last tick of the one to the first of the next. */
async function takeAway(redis: Redis, beats: Container[], rounds: number): Promise<[string, number][]> {
  const gaps: [string, number][] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { name, inflict, undo } = FAULTS[round % FAULTS.length] as Fault;
    const before = (await ticks(redis)).at(-1) as Tick;
    const leader = beats.find((beat) => shortId(beat) === before.host) as Container;
    await inflict(leader);
    const next = await eventually(
      async () => {
        const found = (await ticks(redis)).find(({ at, host }) => at > before.at && host !== before.host);
        if (found === undefined) throw new Error("no tick of another one");
        return found;
      },
      { what: `another beat leads, where one is ${name}`, timeoutMs: LIMIT_MS, attach: () => leader.logs() },
    );
    const last = (await ticks(redis)).filter(({ at, host }) => host === before.host && at < next.at).at(-1);
    const gap = next.at - (last?.at ?? before.at);
    gaps.push([name, gap]);
    if (ROUNDS > 10) console.log(`${round + 1}/${rounds} ${name}: ${gap.toFixed(3)} s`);
    await undo(leader);
    // Any of them: it may have taken the lease back, rightly.
    await oneLeads(beats);
    await eventually(async () => ((await ticks(redis)).at(-1) as Tick).at > next.at + PERIOD_S / 2, {
      what: "the next one goes on",
      timeoutMs: LIMIT_MS,
    });
  }
  return gaps;
}

interface Store {
  env: Record<string, string>;
  /** How many leases lie there. */
  leases(redis: Redis): Promise<number>;
}

const inRedis = async ({ command }: Redis) =>
  (await command("keys", "djinit-beat:*")).split("\n").filter((key) => key.endsWith("}")).length;

async function databaseStore(): Promise<Store> {
  const [database, pooler] = await Promise.all([createDatabase(), startPgbouncer(2)]);
  started.push(pooler.container);
  const env = {
    DATABASE_URL: pooler.urlOf(database),
    DJANGO_SETTINGS_MODULE: "cake_service.settings",
    DJINIT_MIGRATIONS: "skip",
    DJINIT_BEAT_LOCK: "database",
  };
  const held = "select 1 from djinit_beat where held_until > extract(epoch from now())";
  return { env, leases: async (redis) => (await database.query(held)).length - (await inRedis(redis)) };
}

const STORES: [string, () => Promise<Store>][] = [
  ["the broker, which is Redis", async () => ({ env: { DJANGO_SETTINGS_MODULE: "" }, leases: inRedis })],
  ["the database, through a pooler in transaction mode", databaseStore],
];

describe.concurrent("of several beats one sends", () => {
  test.each(STORES)("with the lock in %s", { timeout: TIMEOUT_MS }, async (_, makeStore) => {
    const [redis, store] = await Promise.all([startRedis(), makeStore()]);
    started.push(redis.container);
    const beats = await Promise.all(
      Array.from({ length: BEATS }, () =>
        startReadyCake({
          command: ["celery", "-A", "beats", "beat"],
          env: { BROKER_URL: redis.url, PYTHONPATH: "/beats", ...store.env },
          volumes: VOLUMES,
          publish: [],
        }),
      ),
    );
    started.push(...beats);
    await eventually(async () => (await ticks(redis)).length > 2, {
      what: "one sends",
      timeoutMs: LIMIT_MS,
      attach: async () => (await Promise.all(beats.map((beat) => beat.logs()))).join("\n"),
    });
    await oneLeads(beats);
    await eventually(async () => (await store.leases(redis)) === 1, { what: "its lease lies there" });
    const takeovers = await takeAway(redis, beats, Math.ceil(ROUNDS / STORES.length));

    const all = await ticks(redis);
    const gaps = gapsOf(all.map(({ at }) => at));
    const runs = gapsOf(all.map(({ after }) => after));
    console.log(
      `${takeovers.length} takeovers, ${all.length} ticks, between runs at least ${Math.min(...runs).toFixed(3)} s, gaps ${Math.min(...gaps).toFixed(3)} to ${Math.max(...gaps).toFixed(3)} s; ` +
        FAULTS.map(({ name }) => {
          const own = takeovers.filter(([it]) => it === name).map(([, gap]) => gap);
          return `${name}: ${own.length}, at most ${Math.max(...own).toFixed(2)} s`;
        }).join("; "),
    );
    const beside = async () =>
      `${longest(all)}\n${(await Promise.all(beats.map((beat) => beat.logs()))).join("\n")}`;
    if (Math.max(...gaps) >= LONGEST_GAP_S) console.log(await beside());
    expect(Math.min(...runs), "none is doubled").toBeGreaterThan(SHORTEST_GAP_S);
    expect(Math.max(...gaps), "the next one follows soon").toBeLessThan(LONGEST_GAP_S);
    const codes = (await Promise.all(beats.map((beat) => beat.records()))).flat().map(({ code }) => code);
    expect(codes.filter((code) => code !== undefined)).toEqual([]);
  });
});

test("beside web too, and the metrics say which", async () => {
  const redis = await startRedis();
  started.push(redis.container);
  const env = {
    BROKER_URL: redis.url,
    PYTHONPATH: "/beats",
    CELERY_APP: "beats",
    CELERY_BEAT: "1",
    CAKE_DEBUG_ENDPOINTS: "1",
  };
  const webs = await Promise.all(
    [1, 2].map(() => startReadyCake({ env, volumes: VOLUMES, publish: [ADMIN_PORT] })),
  );
  started.push(...webs);
  await eventually(async () => (await ticks(redis)).length > 1, { what: "one sends", timeoutMs: LIMIT_MS });
  let told = await oneLeads(webs);
  await eventually(
    async () => {
      const shown = await Promise.all(webs.map((web) => askAdmin(web, "/metrics")));
      told = await oneLeads(webs);
      expect(
        shown.map(({ text }) => /^djinit_beat_leader\{service="celery-beat"\} (\d)$/m.exec(text)?.[1]),
      ).toEqual(told.map((it) => String(Number(it))));
    },
    { what: "the metrics say the same", timeoutMs: LIMIT_MS },
  );
  const [leader, other] = (told[0] ? webs : webs.toReversed()) as [Container, Container];
  expect(await leader.stop()).toBe(0);
  await eventually(async () => (await leads(other)) === true, {
    what: "the other one leads",
    timeoutMs: LIMIT_MS,
  });
});

test("a single beat says nothing of it, and its own restart waits for nobody", async () => {
  const redis = await startRedis();
  started.push(redis.container);
  const env = { BROKER_URL: redis.url, PYTHONPATH: "/beats", DJANGO_SETTINGS_MODULE: "" };
  await using beat = await startReadyCake({
    command: ["celery", "-A", "beats", "beat"],
    env,
    volumes: VOLUMES,
    publish: [],
  });
  await eventually(async () => (await ticks(redis)).length > 1, { what: "it sends", timeoutMs: LIMIT_MS });
  await signalBeat(beat, "KILL");
  // Read after the kill: it takes longer than a tick on a busy machine.
  const { at } = (await ticks(redis)).at(-1) as Tick;
  await eventually(async () => ((await ticks(redis)).at(-1) as Tick).at > at + 2 * PERIOD_S, {
    what: "it sends again",
    timeoutMs: LIMIT_MS,
  });
  await eventually(async () => (await leads(beat)) === true, { what: "it leads", timeoutMs: LIMIT_MS });
  const levels = (await beat.records()).filter(
    ({ service, level }) => service === "celery-beat" && level !== "info",
  );
  expect(levels).toEqual([]);
  expect((await tryDocker(["exec", beat.id, "djinit", "status"])).stdout).toContain(
    "beat: celery-beat leads",
  );
});
