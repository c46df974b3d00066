// Containers that take TLS, with a pair that is given as Kubernetes gives it.
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from "node:tls";
import { createContainer } from "../support/docker.ts";
import { docker } from "../support/docker-cli.ts";
import { eventually } from "../support/eventually.ts";
import { runContext } from "../support/run-context.ts";

export const APPLICATION = join(import.meta.dirname, "../fixtures/echo-wsgi");
export const HOST = "shop.example";
export const FILES = { DJINIT_TLS_CERT: "/etc/tls/tls.crt", DJINIT_TLS_KEY: "/etc/tls/tls.key" };

/** A volume of a Secret's: links to a link to a directory, which is replaced as a whole. */
export class SecretVolume {
  readonly path = mkdtempSync(join(tmpdir(), "tls-secret-"));
  #versions = 0;

  constructor() {
    chmodSync(this.path, 0o755);
    for (const name of ["tls.crt", "tls.key"]) symlinkSync(`..data/${name}`, join(this.path, name));
  }

  give({ certificate, key }: { certificate: string; key: string }, keyMode = 0o400): void {
    const version = `..v${++this.#versions}`;
    mkdirSync(join(this.path, version));
    writeFileSync(join(this.path, version, "tls.crt"), certificate);
    writeFileSync(join(this.path, version, "tls.key"), key, { mode: keyMode });
    chmodSync(join(this.path, version, "tls.key"), keyMode);
    symlinkSync(version, join(this.path, "..data.new"));
    renameSync(join(this.path, "..data.new"), join(this.path, "..data"));
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

export async function startTls(
  volume: SecretVolume,
  more: Partial<Parameters<typeof createContainer>[0]> = {},
) {
  const container = await createContainer({
    image: runContext().images.djinit,
    command: ["echo:application"],
    publish: [8000, 8443, 9180],
    volumes: [`${volume.path}:/etc/tls:ro`, `${APPLICATION}:/app:ro`],
    ...more,
    env: { SKIP_MIGRATIONS: "1", ...FILES, ...more.env },
  });
  await docker("start the subject", ["start", container.id]);
  const port = await container.port(8443);
  await eventually(async () => (await container.logs()).includes("every service of role web has come up"), {
    what: "a container that is ready",
    timeoutMs: 60_000,
    attach: () => container.logs(),
  });
  return { container, port };
}

export async function handshake(port: number, more: ConnectionOptions = {}): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    servername: HOST,
    rejectUnauthorized: false,
    ...more,
  });
  socket.once("secureConnect", resolve).once("error", reject);
  await promise;
  return socket;
}

export async function fingerprint(port: number): Promise<string> {
  const socket = await handshake(port);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
