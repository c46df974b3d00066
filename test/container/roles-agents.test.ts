// Agents that stand before a server in CMD and become it: what they watch is the server that it would be without them.
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { IMAGE_VERSION } from "../../tools/image/image.ts";
import { buildOnBase } from "../../tools/image/replaced-base.ts";
import { eventually } from "../support/eventually.ts";
import { http } from "../support/http.ts";
import { runContext } from "../support/run-context.ts";
import { countStarts, mainPid, startReadyCake } from "./cake-subject.ts";

const TAG = `djinit-test-agents:${IMAGE_VERSION}`;
const CONTEXT = join(import.meta.dirname, "../fixtures/agents");

/** With nobody to tell anything. */
const QUIET = {
  DD_TRACE_AGENT_URL: "http://127.0.0.1:9",
  DD_INSTRUMENTATION_TELEMETRY_ENABLED: "false",
  DD_REMOTE_CONFIGURATION_ENABLED: "false",
  NEW_RELIC_MONITOR_MODE: "false",
  NEW_RELIC_LICENSE_KEY: "none",
  OTEL_TRACES_EXPORTER: "none",
  OTEL_METRICS_EXPORTER: "none",
  OTEL_LOGS_EXPORTER: "none",
};

beforeAll(() => buildOnBase({ tag: TAG, context: CONTEXT, base: runContext().images.example }));

test.each([
  ["ddtrace-run", 1],
  ["newrelic-admin run-program", 1],
  // It has imported the settings in the master.
  ["opentelemetry-instrument", 2],
])("%s gunicorn is web, is reloaded and stops", async (words, starts) => {
  await using cake = await startReadyCake({
    image: TAG,
    command: [...words.split(" "), "gunicorn", "cake_service.wsgi"],
    env: QUIET,
  });
  expect((await http(await cake.url("/health/"))).status).toBe(200);
  const records = await cake.records();
  expect(records.some(({ service }) => service === "migrate")).toBe(true);
  const master = await mainPid(cake, "gunicorn");
  // The agent is in the process.
  const environment = await cake.output(["cat", `/proc/${master}/environ`], { user: "django" });
  expect(environment).toMatch(/PYTHONPATH=[^\0]*(ddtrace|newrelic|opentelemetry)/);
  await cake.signal("HUP");
  await eventually(
    async () => (await cake.records()).filter(({ msg }) => msg.startsWith("Booting worker")).length >= 2,
    {
      what: "a new worker",
      timeoutMs: 60_000,
      attach: () => cake.logs(),
    },
  );
  expect(await countStarts(cake, "gunicorn")).toBe(starts);
  expect((await http(await cake.url("/health/"))).status).toBe(200);
  expect(await cake.stop()).toBe(0);
});
