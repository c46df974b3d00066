// IPv6 beside IPv4, where the kernel has it.
import { expect, onTestFinished, test } from "vitest";
import type { Container } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { runContext } from "../support/run-context.ts";
import { RUN_LABEL } from "../support/run-id.ts";
import { startReadyProject } from "./project-subject.ts";

const SWITCH = "net.ipv6.conf.all.disable_ipv6";
const ENV = { DJANGO_SETTINGS_MODULE: "shop.settings", SKIP_MIGRATIONS: "1", DJINIT_NGINX_PROBES: "1" };

async function start(more: {
  sysctl?: string;
  network?: string;
  env?: Record<string, string>;
}): Promise<Container> {
  const { sysctl, network, env } = more;
  const container = await startReadyProject({
    fixture: "site",
    command: ["shop.wsgi:application"],
    env: { ...ENV, ...env },
    ...(network === undefined ? {} : { network }),
    ...(sysctl === undefined ? {} : { more: ["--sysctl", sysctl] }),
  });
  onTestFinished(() => container.rm());
  return container;
}

/** What a request from inside is answered, and by whom the application has been asked; undefined: refused. */
async function ask(container: Container, url: string): Promise<string | undefined> {
  const program = `import sys, urllib.request as r; print(r.urlopen(sys.argv[1], timeout=5).status)`;
  const { exitCode, all } = await container.exec(["python", "-c", program, url]);
  if (exitCode === 0) return all.trim();
  expect(all).toMatch(/refused|assign requested address|unreachable/);
  return undefined;
}

test("nginx and the admin port answer at both; PID 1 holds both sockets; a reload keeps them", async () => {
  const container = await start({ sysctl: `${SWITCH}=0` });
  for (const host of ["127.0.0.1", "[::1]"]) {
    expect(await ask(container, `http://${host}:8000/`), host).toBe("200");
    expect(await ask(container, `http://${host}:8000/-/readyz`), host).toBe("200");
    expect(await ask(container, `http://${host}:9180/readyz`), host).toBe("200");
  }
  await container.record("the request", ({ msg, client }) => {
    const { address } = (client ?? {}) as { address?: string };
    return msg === "GET / HTTP/1.1 200" && address === "::1";
  });
  await container.output(["djinit", "reload"]);
  await container.output(["djinit", "restart", "nginx"]);
  expect(await ask(container, "http://[::1]:8000/")).toBe("200");
  expect((await container.exec(["djinit", "health"])).exitCode).toBe(0);
  await docker("stop it", ["stop", container.id]);
  const records = await container.records();
  expect(records.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});

test("a kernel without IPv6 has none, and no word is said of it", async () => {
  const container = await start({ sysctl: `${SWITCH}=1` });
  expect(await ask(container, "http://127.0.0.1:8000/")).toBe("200");
  expect(await ask(container, "http://[::1]:8000/")).toBeUndefined();
  const records = await container.records();
  expect(records.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});

test("clients of an IPv6 network are known by their addresses, IPv4 ones by theirs", async () => {
  const { runId, images } = runContext();
  const name = `djinit-test-ipv6-${runId}`;
  await docker("make a network", [
    "network",
    "create",
    "--ipv6",
    "--subnet",
    "fd00:d714::/64",
    "--label",
    `${RUN_LABEL}=${runId}`,
    name,
  ]);
  onTestFinished(async () => void (await docker("remove the network", ["network", "rm", name])));
  const container = await start({ network: name, env: { DJINIT_TRUSTED_PROXIES: "fd00:d714::/64" } });
  const at = async (what: string) =>
    (
      await docker("its address", [
        "inspect",
        "--format",
        `{{range .NetworkSettings.Networks}}{{.${what}}}{{end}}`,
        container.id,
      ])
    ).trim();
  const [six, four] = [await at("GlobalIPv6Address"), await at("IPAddress")];
  const asker = [
    "run",
    "--rm",
    "--network",
    name,
    "--label",
    `${RUN_LABEL}=${runId}`,
    "--entrypoint",
    "python",
    images.example,
  ];
  const program = `import sys, urllib.request as r
print(r.urlopen(r.Request(sys.argv[1], headers={"X-Forwarded-For": "2001:db8::7"}), timeout=5).status)`;
  for (const host of [`[${six}]`, four])
    expect(
      (
        await docker("ask", [
          ...asker,
          "-c",
          program,
          `http://${host}:8000/from-${host === four ? "four" : "six"}`,
        ])
      ).trim(),
    ).toBe("200");
  const client = async (path: string) => {
    const record = await container.record(path, ({ msg }) => msg === `GET ${path} HTTP/1.1 200`);
    return (record["client"] as { address: string }).address;
  };
  expect(await client("/from-six")).toBe("2001:db8::7");
  expect(await client("/from-four")).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
});
