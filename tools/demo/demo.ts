// npm run demo -- [--full] [--port N]
import { randomBytes } from "node:crypto";
import { main, say } from "../engine/say.ts";
import { buildExample } from "../image/example.ts";
import { buildDjinit } from "../image/image.ts";
import { ensureServiceImage } from "../image/service-image.ts";
import { assertPortIsFree, removeEarlier } from "./containers.ts";
import { DEMO_HELP, parseDemoOptions } from "./options.ts";
import { planAllInOne, planFull } from "./plan.ts";
import { runDemo } from "./run.ts";
import { listenForStop } from "./stop-requests.ts";

await main(async () => {
  const { full, help, port } = parseDemoOptions(process.argv.slice(2));
  if (help) {
    say(DEMO_HELP);
    return 0;
  }
  const secrets = { secretKey: secret(32), adminPassword: secret(9), databasePassword: secret(18) };
  const plan = full ? planFull(port, secrets) : planAllInOne(port, secrets);
  await buildDjinit();
  await buildExample();
  if (full) {
    await ensureServiceImage("postgres");
    await ensureServiceImage("redis");
  }
  await removeEarlier(plan);
  await assertPortIsFree(port);

  // Not earlier: during a build Ctrl-C has its usual meaning, and there is nothing to clean up.
  const stop = listenForStop();
  say(`Starting ${plan.containers.map(({ name }) => name).join(", ")}`);
  try {
    return await runDemo(plan, stop, () => announce(port, secrets.adminPassword));
  } finally {
    stop.close();
  }
});

/** Letters and digits, so that a value fits into a URL and can be typed. */
function secret(bytes: number): string {
  return randomBytes(bytes)
    .toString("base64")
    .replaceAll(/[^A-Za-z0-9]/g, "x");
}

function announce(port: number, adminPassword: string): void {
  say("");
  say(`  Cakes      http://127.0.0.1:${port}/`);
  say(`  Live       http://127.0.0.1:${port}/live/`);
  say(`  Admin      http://127.0.0.1:${port}/admin/`);
  say("  User       admin");
  say(`  Password   ${adminPassword}`);
  say("");
  say("Logs follow (times in UTC); Ctrl-C stops");
}
