// Who is who after the boot of a container that was started as root, and who can do what to whom.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { environOf, type Process, processTable } from "../support/proc.ts";
import { childrenOf, mainPid, serves, startReadyCake } from "./cake-subject.ts";
import { startProject } from "./project-subject.ts";

const KILL = 1n << 5n;
const SETGID = 1n << 6n;
const SETUID = 1n << 7n;
const SUPERVISOR_CAPABILITIES = KILL | SETGID | SETUID;
const DJANGO = 104;
const DJANGO_GROUP = 107;
const DJINIT_GROUP = 106;

let container: Container;
let table: Process[];

beforeAll(async () => {
  // The engine runs the health check as root, which is none of the container's own processes.
  container = await startReadyCake({
    env: { CELERY_WORKER: "1", CELERY_BEAT: "1" },
    more: ["--no-healthcheck"],
  });
  table = await processTable(container);
});
afterAll(() => container.rm());

async function serviceProcesses(service: string): Promise<Process[]> {
  const pid = await mainPid(container, service);
  const main = table.filter((process) => process.pid === pid);
  return [...main, ...(await childrenOf(container, pid))];
}

function hasNoPower(process: Process): void {
  const { capAmb, capEff, capInh, capPrm, noNewPrivs } = process;
  const held = { capAmb, capEff, capInh, capPrm, noNewPrivs };
  expect(held).toEqual({ capAmb: 0n, capEff: 0n, capInh: 0n, capPrm: 0n, noNewPrivs: true });
}

/** Whether a command that user `user` runs in the container succeeds. */
async function may(user: string, ...command: string[]): Promise<boolean> {
  return (await container.exec(command, { user })).ok;
}

test("no process has uid 0, and every one has no_new_privs", () => {
  expect(table.length).toBeGreaterThanOrEqual(7);
  expect(table.filter(({ uid }) => uid === 0)).toEqual([]);
  expect(table.filter(({ noNewPrivs }) => !noNewPrivs)).toEqual([]);
});

test("negative control: a command that asks for root keeps it", async () => {
  await using other = await startProject({
    command: ["sleep", "600"],
    env: { DJINIT_COMMAND_USER: "root" },
  });
  await other.exec(["true"]);
  const [first] = await processTable(other);
  expect(first).toMatchObject({ pid: 1, uid: 0 });
});

test("PID 1 is djinit with KILL, SETUID and SETGID, and can get no more", () => {
  const first = table.find(({ pid }) => pid === 1);
  expect(first).toMatchObject({
    user: "djinit",
    group: "djinit",
    groups: [DJINIT_GROUP, DJANGO_GROUP],
    capEff: SUPERVISOR_CAPABILITIES,
    capPrm: SUPERVISOR_CAPABILITIES,
    capBnd: SUPERVISOR_CAPABILITIES,
    noNewPrivs: true,
  });
});

test("nginx, master and worker, is nginx without any power", async () => {
  const processes = await serviceProcesses("nginx");
  expect(processes.map(({ user, group }) => `${user}:${group}`)).toEqual(["nginx:nginx", "nginx:nginx"]);
  for (const process of processes) {
    hasNoPower(process);
    expect(process.groups).toContain(DJANGO_GROUP);
  }
});

test("gunicorn and celery are django without any power", async () => {
  for (const service of ["gunicorn", "celery-worker", "celery-beat"]) {
    const processes = await serviceProcesses(service);
    expect(processes.length).toBeGreaterThan(0);
    for (const process of processes) {
      expect(process).toMatchObject({ uid: DJANGO, gid: DJANGO_GROUP, groups: [DJANGO_GROUP] });
      hasNoPower(process);
    }
  }
});

test("nginx cannot read gunicorn's environment, though django can", async () => {
  const file = `/proc/${await mainPid(container, "gunicorn")}/environ`;
  expect(await may("nginx", "cat", file)).toBe(false);
  expect(await may("django", "cat", file)).toBe(true);
});

test("nginx gets none of the application's environment", async () => {
  const pid = await mainPid(container, "nginx");
  const environment = await environOf(container, table.find((it) => it.pid === pid) as Process);
  expect(Object.keys(environment)).not.toContain("SECRET_KEY");
});

test("nginx may use gunicorn's socket, somebody else may not", async () => {
  const connect = "import socket; socket.socket(socket.AF_UNIX).connect('/run/gunicorn/gunicorn.sock')";
  expect(await may("nginx", "python", "-c", connect)).toBe(true);
  expect(await may("nobody", "python", "-c", connect)).toBe(false);
  await serves(container);
});

test("services cannot signal each other or PID 1", async () => {
  const [nginx, gunicorn] = [await mainPid(container, "nginx"), await mainPid(container, "gunicorn")];
  for (const pid of [nginx, 1]) expect(await may("django", "kill", "-0", String(pid))).toBe(false);
  for (const pid of [gunicorn, 1]) expect(await may("nginx", "kill", "-0", String(pid))).toBe(false);
  expect(await may("django", "kill", "-0", String(gunicorn))).toBe(true);
});

test("neither can ask PID 1's control socket, nor read what it has been left by the boot", async () => {
  for (const user of ["django", "nginx"]) {
    expect(await may(user, "djinit", "status")).toBe(false);
    expect(await may(user, "ls", "/proc/1/fd")).toBe(false);
  }
});
