// The container is told to stop, at any moment of its boot or run, or to reload.
import { setTimeout as delay } from "node:timers/promises";
import { eventually } from "../support/eventually.ts";
import { askStatus } from "./ask-status.ts";
import { EXIT_DEADLINE_MS, RELOAD_DEADLINE_MS } from "./configuration.ts";
import type { Member } from "./member.ts";
import type { Exit, FaultReport } from "./observation.ts";
import { recordsOf } from "./records.ts";
import type { Round } from "./round.ts";
import type { Subject } from "./subject.ts";

/** TERM; with `term-boot` once more while the next start is under way. Then it is started again. */
export async function stopMember(subject: Subject, round: Round): Promise<FaultReport> {
  const member = subject.member(round.member);
  const fromMs = Date.now();
  const exits: Exit[] = [await endMember(subject, member, "SIGTERM")];
  if (round.fault.name === "term-boot") {
    await member.start();
    await delay(round.durationMs);
    exits.push(await member.endBy("SIGTERM", EXIT_DEADLINE_MS));
  }
  await subject.startReady(member);
  const toMs = Date.now();
  if (member === subject.web) subject.load.proceed();
  return { fromMs, toMs, exits };
}

/** The load's client lives in the container's network, so it ends with it. */
export async function endMember(subject: Subject, member: Member, signal: NodeJS.Signals): Promise<Exit> {
  const exit = await member.endBy(signal, EXIT_DEADLINE_MS);
  if (member === subject.web) {
    await subject.load.halt();
    subject.load.detach();
  }
  return exit;
}

/** HUP; it is over when djinit has dealt with each service. */
export async function reload(subject: Subject, round: Round): Promise<FaultReport> {
  const member = subject.member(round.member);
  const { services } = await askStatus(member.initPid);
  const fromMs = Date.now();
  member.signal("SIGHUP");
  await eventually(
    () => {
      const said = recordsOf(member.log()).map(({ msg }) => msg);
      return services.every(({ service }) =>
        said.some((msg) => msg.startsWith(`reloading ${service}`) || msg.includes(`reload ${service}:`)),
      );
    },
    { what: `${member.name} has reloaded`, timeoutMs: services.length * RELOAD_DEADLINE_MS },
  );
  return { fromMs, toMs: Date.now(), exits: [] };
}
