// WebSockets are open while the container is told to reload and to stop, and from its next start on.
import { setTimeout as delay } from "node:timers/promises";
import { endMember, reload } from "./fault-signal.ts";
import type { FaultReport, SocketOutcome } from "./observation.ts";
import type { Round } from "./round.ts";
import { Sockets } from "./sockets.ts";
import type { Subject } from "./subject.ts";

type Course = "stop" | "reload, stop" | "fast stop";

/** A fast stop may run tasks twice, so that it is for a web container alone. */
function courseOf({ choice, subject }: Round): Course {
  if (choice < 1 / 2) return "stop";
  return choice < 3 / 4 || subject === "all-in-one" ? "reload, stop" : "fast stop";
}

export async function holdSockets(subject: Subject, round: Round): Promise<FaultReport> {
  const { web, load } = subject;
  const course = courseOf(round);
  const sockets: SocketOutcome[] = [];
  const open = (when: string) => Sockets.open(web.initPid, `${round.seed}-${when}`);
  if (course === "reload, stop") {
    const before = await open("reload");
    await delay(round.durationMs);
    await reload(subject, round);
    sockets.push(...(await before.ended("HUP")));
  }
  const held = await open("stop");
  await delay(round.durationMs);
  // After QUIT requests are cut off: none shall be under way.
  if (course === "fast stop") await load.halt();
  const fromMs = Date.now();
  const signal = course === "fast stop" ? "SIGQUIT" : "SIGTERM";
  const exit = await endMember(subject, web, signal);
  sockets.push(...(await held.ended(course === "fast stop" ? "QUIT" : "TERM")));
  await subject.startReady(web);
  const toMs = Date.now();
  load.proceed();
  const afterwards = await open("start");
  await delay(round.durationMs);
  sockets.push(...(await afterwards.close()));
  return { fromMs, toMs, exits: [exit], sockets };
}
