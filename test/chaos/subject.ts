// What a round happens to: one container with everything, or web, worker and beat apart.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import type { Backends } from "./backends.ts";
import { START_DEADLINE_MS } from "./configuration.ts";
import { Load } from "./load.ts";
import { createMember, type Member } from "./member.ts";
import { MEMBERS, type MemberName, type SubjectKind } from "./round.ts";

export class Subject {
  readonly kind: SubjectKind;
  readonly backends: Backends;
  readonly members: readonly Member[];
  readonly load = new Load();
  readonly settledTasks = new Set<string>();
  readonly #directory: string;

  constructor(kind: SubjectKind, backends: Backends, members: readonly Member[], directory: string) {
    this.kind = kind;
    this.backends = backends;
    this.members = members;
    this.#directory = directory;
  }

  get web(): Member {
    return this.members[0] as Member;
  }

  member(name: MemberName): Member {
    const found = this.members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`cannot find ${name} in subject ${this.kind}`);
    return found;
  }

  get ledger(): string {
    return readFileSync(join(this.#directory, "ledger"), "utf8");
  }

  /** Starts one and waits until it is ready. Errors: it is not, within the deadline. */
  async startReady(member: Member): Promise<void> {
    await member.start();
    if (member === this.web) this.load.attach(member.initPid);
    await eventually(() => member.isReady(), {
      what: `${member.name} is ready`,
      timeoutMs: START_DEADLINE_MS,
      attach: async () => member.reader.lines.map(({ text }) => text).join("\n"),
    });
  }

  async remove(): Promise<void> {
    this.load.detach();
    await Promise.all(this.members.map((member) => member.remove()));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Errors: it does not become ready. */
export async function startSubject(kind: SubjectKind, backends: Backends): Promise<Subject> {
  const directory = mkdtempSync(join(tmpdir(), "djinit-chaos-subject-"));
  // Every process of the containers writes there, whoever it is.
  chmodSync(directory, 0o777);
  writeFileSync(join(directory, "ledger"), "");
  chmodSync(join(directory, "ledger"), 0o666);
  const members: Member[] = [];
  const subject = new Subject(kind, backends, members, directory);
  try {
    // One after the other: web migrates what the others need.
    for (const name of MEMBERS[kind]) {
      const member = await createMember(name, directory, backends);
      members.push(member);
      await subject.startReady(member);
    }
    return subject;
  } catch (error) {
    await subject.remove();
    throw error;
  }
}
