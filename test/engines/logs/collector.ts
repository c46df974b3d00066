// OpenTelemetry's collector, made of the parts that deploy/logs/collector.yaml names, and a server for its OTLP.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";

const PARTS = join(import.meta.dirname, "../../fixtures/collector");
const FOLDER = join(import.meta.dirname, "../../../node_modules/.cache/collector");
const CONFIGURATION = join(import.meta.dirname, "../../../deploy/logs/collector.yaml");

/** An OTLP value: one of `stringValue`, `intValue`, `doubleValue`, `kvlistValue`, … */
type Value = Record<string, unknown>;

export interface OtlpRecord {
  timeUnixNano: string;
  severityText?: string;
  severityNumber?: number;
  body: Value;
  attributes: Record<string, unknown>;
}

export interface Collector {
  /** What has come so far. */
  records: OtlpRecord[];
  /** What it says itself. */
  log(): string;
  stop(): void;
}

/** Builds the collector, once; that takes minutes. Its modules come through Go's own checks. Errors: Go's own. */
export function buildCollector(): string {
  const program = join(FOLDER, "collector");
  if (existsSync(program)) return program;
  mkdirSync(FOLDER, { recursive: true });
  cpSync(PARTS, FOLDER, { recursive: true });
  const { status, stderr } = spawnSync("go", ["build", "-o", program, "."], {
    cwd: FOLDER,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`cannot build the collector: ${stderr}`);
  return program;
}

/** Starts it with the deployed configuration, on these files alone, from their beginning. */
export async function startCollector(files: readonly string[]): Promise<Collector> {
  const program = buildCollector();
  const records: OtlpRecord[] = [];
  const server = createServer((request, response) => {
    json(request).then((message) => {
      records.push(...recordsOf(message as Message));
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const over = join(FOLDER, "over.json");
  const plain = { encoding: "json", compression: "none" };
  writeFileSync(
    over,
    JSON.stringify({
      receivers: { file_log: { include: files, start_at: "beginning" } },
      exporters: { otlp_http: plain },
      service: { telemetry: { metrics: { level: "none" } } },
    }),
  );
  const configurations = [CONFIGURATION, over].map((path) => `--config=file:${path}`);
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const child = spawn(program, configurations, { env: { ...process.env, OTLP_ENDPOINT: endpoint } });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => {
      said += chunk;
    });
  return {
    records,
    log: () => said,
    stop() {
      child.kill("SIGKILL");
      server.close();
      server.closeAllConnections();
    },
  };
}

interface Message {
  resourceLogs: { scopeLogs: { logRecords: Sent[] }[] }[];
}
type Sent = Omit<OtlpRecord, "attributes"> & { attributes?: { key: string; value: Value }[] };

function recordsOf({ resourceLogs }: Message): OtlpRecord[] {
  return resourceLogs
    .flatMap(({ scopeLogs }) => scopeLogs)
    .flatMap(({ logRecords }) => logRecords)
    .map(({ attributes = [], ...record }) => ({
      ...record,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]])),
    }));
}
