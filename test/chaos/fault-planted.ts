// The application, or whoever has taken it over, puts things in the way of PID 1 where it reads what user django writes.
import { setTimeout as delay } from "node:timers/promises";
import type { Ran } from "../../tools/engine/command.ts";
import { askControl } from "./ask-status.ts";
import { privateBytes } from "./host-processes.ts";
import type { Member } from "./member.ts";
import type { FaultReport, PlantedReport } from "./observation.ts";
import type { MemberName, Round } from "./round.ts";
import { type Random, randomOf } from "./seed.ts";
import type { Subject } from "./subject.ts";

/** What PID 1 is asked, again after a while: the first question may be the one that stops it. */
const PASSES = 3;
const PAUSE_MS = 300;
/** A page takes milliseconds; a machine that has too much to do takes its time. */
const ANSWER_TIMEOUT_MS = 10_000;
/** In the container: fixtures/app. */
const SCRIPT = "/chaos-app/chaos/plant.py";
const ADMIN_PORT = 9180;
const PAGES = ["/metrics", "/livez?verbose", "/readyz?verbose", "/startupz"];

export const KINDS = ["fifo", "directory", "link", "socket", "sparse", "unreadable"] as const;
/** A report that says its process stopped long ago, so that its stack is looked for. */
export const FORGED = "forged";

export interface Plant {
  path: string;
  kind: (typeof KINDS)[number] | typeof FORGED;
}

/** Where celery's reports are, in each container. */
const REPORTS: Record<MemberName, readonly string[]> = {
  all: ["celery-worker", "celery-beat"],
  web: [],
  worker: ["celery-worker"],
  beat: ["celery-beat"],
};

/** Pure: what lies where in this round. */
export function planPlants({ member, choice }: Pick<Round, "member" | "choice">): Plant[] {
  const random = randomOf(choice * 2 ** 32);
  const plants: Plant[] = [
    "/run/gunicorn/gunicorn.pid",
    "/run/gunicorn/prometheus/counter_1.db",
    "/run/gunicorn/prometheus/gauge_all_2.db",
    "/run/gunicorn/prometheus/histogram_3.db",
  ].map((path) => ({ path, kind: random.pick(KINDS) }));
  return [...plants, ...REPORTS[member].flatMap((service) => planReport(service, random))];
}

/** The stack is read only where the report says that its process is late. */
function planReport(service: string, random: Random): Plant[] {
  const path = `/run/celery/${service}.heartbeat`;
  if (random.next() < 1 / 2) return [{ path, kind: random.pick(KINDS) }];
  return [
    { path, kind: FORGED },
    { path: `${path}.stack`, kind: random.pick(KINDS) },
  ];
}

export async function plantFiles(subject: Subject, round: Round): Promise<FaultReport> {
  const member = subject.member(round.member);
  const plants = planPlants(round);
  const reports = await reportsOf(member, plants);
  const words = JSON.stringify(plants.map((it) => ({ ...it, report: reports.get(it.path) })));
  const run = (what: string) => member.container.exec(["python3", SCRIPT, what, words], { user: "django" });
  const bytesBefore = privateBytes(member.initPid);
  const address = await member.container.ip();
  const fromMs = Date.now();
  let answers: PlantedReport["answers"] = [];
  let grewBytes: number | undefined;
  let cleared: Ran | undefined;
  try {
    const planted = await run("plant");
    if (!planted.ok) throw new Error(`cannot plant anything in ${member.name}: ${planted.all}`);
    answers = await ask(member, address);
    grewBytes = grownBytes(member, bytesBefore);
  } finally {
    cleared = await run("clear");
  }
  // PID 1 may have been killed, and its container with it.
  if (!cleared.ok && grewBytes !== undefined)
    throw new Error(`cannot take away what was planted in ${member.name}: ${cleared.all}`);
  const planted = plants.map(({ path, kind }) => `${kind} at ${path}`);
  return { fromMs, toMs: Date.now(), exits: [], plants: { planted, answers, grewBytes } };
}

/** A forged report names the process that PID 1 knows: others are not believed. */
async function reportsOf(member: Member, plants: readonly Plant[]): Promise<Map<string, object>> {
  const forged = plants.filter(({ kind }) => kind === FORGED);
  if (forged.length === 0) return new Map();
  const { services } = await member.status();
  return new Map(
    forged.map(({ path }) => {
      const service = services.find((it) => path === `/run/celery/${it.service}.heartbeat`);
      const kind = service?.service === "celery-beat" ? "beat" : "worker";
      const facts = { pid: service?.pid, kind, state: "connected", at: 0, thread: 1 };
      return [path, { seq: 1, ...facts, end: 1 }];
    }),
  );
}

async function ask(member: Member, address: string): Promise<PlantedReport["answers"]> {
  const answers: PlantedReport["answers"] = [];
  for (let pass = 0; pass < PASSES; pass += 1) {
    const asked = [
      ...PAGES.map((page) => ({ question: page, answer: askPage(`http://${address}:${ADMIN_PORT}${page}`) })),
      ...["status", "health"].map((verb) => ({ question: verb, answer: askVerb(member, verb) })),
    ];
    for (const { question, answer } of asked) answers.push({ question, answer: await answer });
    await delay(PAUSE_MS);
  }
  return answers;
}

/** The status of the answer, or what went wrong. */
async function askPage(url: string): Promise<string> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    await answer.text();
    return String(answer.status);
  } catch (error) {
    return `none (${(error as Error).message})`;
  }
}

async function askVerb({ initPid }: Member, verb: string): Promise<string> {
  try {
    const answer = await askControl<object>(initPid, verb, ANSWER_TIMEOUT_MS);
    return "error" in answer ? JSON.stringify(answer.error) : "answered";
  } catch (error) {
    return `none (${(error as Error).message})`;
  }
}

function grownBytes({ initPid }: Member, bytesBefore: number): number | undefined {
  try {
    return privateBytes(initPid) - bytesBefore;
  } catch {
    return undefined;
  }
}
