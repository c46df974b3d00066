// A /run that anybody may write to, as a Kubernetes emptyDir is: what user django has put there does not lead root anywhere.
import { expect, test } from "vitest";
import { docker } from "../support/docker-cli.ts";
import { http } from "../support/http.ts";
import { isReady, serves, startCake } from "./cake-subject.ts";

const VICTIM = "/etc/victim";
const VICTIMS = `set -e
echo untouched > ${VICTIM} && chmod 600 ${VICTIM}
mkdir /etc/victims && echo untouched > /etc/victims/x.sock && cp /etc/victims/x.sock /etc/victims/x.pid
cp /etc/victims/x.sock /etc/victims/counter_1.db
chmod 0777 /run`;
const EVIL = "location = /evil { alias /etc/passwd; }";
const PLANT = `set -e
cd /run
for name in djinit gunicorn nginx nginx-status celery; do mv $name moved-$name; done
mkdir djinit gunicorn
echo '${EVIL}' > djinit/nginx-probes-evil.conf
for name in plan.json manifest.json manifest.json.new nginx-probes.conf control.sock lock; do
  ln -s ${VICTIM} djinit/$name
done
ln -s /etc/victims gunicorn/prometheus
ln -s ${VICTIM} gunicorn/gunicorn.sock
ln -s /etc/victims nginx
ln -s /etc/victims nginx-status
ln -s /etc/victims celery
rm -f nginx.pid && ln -s ${VICTIM} nginx.pid`;
const CHECK = `cat ${VICTIM} /etc/victims/*; stat -c '%n %U %a' ${VICTIM} /etc/victims /etc/victims/* /run`;

test("the victims are untouched, nothing of it is served, and /run is root's again", async () => {
  const env = { CELERY_WORKER: "1", CELERY_BEAT: "1", DJINIT_NGINX_PROBES: "1" };
  await using container = await startCake({ env, more: ["--volume", "/run"] });
  await container.record("readiness", isReady, 60_000);
  await container.output(["sh", "-c", VICTIMS], { user: "root" });
  await container.output(["sh", "-c", PLANT], { user: "django" });
  await docker("kill", ["kill", container.id]);
  await container.wait();
  await docker("start", ["start", container.id]);
  await serves(container);
  expect((await http(await container.url("/evil"))).status).not.toBe(200);
  expect((await http(await container.url("/-/livez"))).status).toBe(200);
  const listing = await container.output(["sh", "-c", CHECK], { user: "root" });
  expect(listing.split("\n")).toEqual([
    ...Array(4).fill("untouched"),
    `${VICTIM} root 600`,
    "/etc/victims root 755",
    ...["counter_1.db", "x.pid", "x.sock"].map((name) => `/etc/victims/${name} root 644`),
    "/run root 755",
  ]);
  const owners = await container.output(["sh", "-c", "stat -c '%n %F %U %a' /run/*/ /run/gunicorn/*"]);
  expect(owners).toContain("/run/djinit/ directory djinit 755");
  expect(owners).toContain("/run/gunicorn/ directory django 755");
  expect(owners).toContain("/run/gunicorn/prometheus directory django 755");
  expect(owners).toContain("/run/gunicorn/gunicorn.sock socket django 660");
  expect(owners).toContain("/run/nginx/ directory nginx 755");
  expect(await container.stop()).toBe(0);
});

test("what is known of the migrations is kept for the next start where nobody else can have written it", async () => {
  await using container = await startCake();
  await container.record("readiness", isReady, 60_000);
  const write = (file: string) => `echo '{}' > /run/djinit/${file} && chown djinit /run/djinit/${file}`;
  await container.output(["sh", "-c", `${write("manifest.json")}; ${write("other.json")}`], { user: "root" });
  await docker("restart", ["restart", "--time", "30", container.id]);
  await serves(container);
  const left = await container.output(["ls", "/run/djinit"]);
  const ours = [
    "allowance.json",
    "control.sock",
    "gunicorn.sock",
    "nginx-client-key.conf",
    "nginx-connections.conf",
    "nginx-errors.conf",
    // Where the kernel has IPv6.
    ...(left.includes("nginx-listen.conf") ? ["nginx-listen.conf"] : []),
    "nginx-limits.conf",
    "nginx-media.conf",
    "nginx-root.conf",
    "nginx-site.conf",
    "nginx-static.conf",
    "nginx-waits.conf",
  ];
  expect(left.split("\n").toSorted()).toEqual([...ours, "manifest.json"].toSorted());
});
