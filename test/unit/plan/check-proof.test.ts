import { expect, test } from "vitest";
import { proofOf } from "../../../src/plan/check-proof.ts";
import { nginxCommand } from "../../../src/plan/nginx.ts";

// As PID 1 runs it: by its absolute path.
const NGINX = nginxCommand("", "-T");
const CELERY = ["celery", "--app", "cakes", "report"];
const GUNICORN = ["gunicorn", "cakes.wsgi", "--check-config"];
const BEGUN = "checking whether the application can be loaded";

test.each<[string, string[], string, boolean]>([
  [
    "nginx that has shown its files",
    NGINX,
    "ok\n# configuration file /etc/nginx/nginx.conf:\nhttp {}",
    false,
  ],
  ["nginx that has shown nothing", NGINX, "syntax is ok", true],
  ["celery that has reported", CELERY, "hello\nsoftware -> celery:5.5.3 (immunity)", false],
  ["celery that has not", CELERY, "hello", true],
  ["gunicorn that has come to its end", GUNICORN, `${BEGUN}\nhello\nthe application can be loaded`, false],
  ["gunicorn that has not", GUNICORN, `${BEGUN}\nhello`, true],
  ["gunicorn with a file of the user's own, which says nothing of it", GUNICORN, "hello", false],
])("%s", (_, argv, said, cutShort) => {
  const proof = proofOf(argv);
  for (const line of said.split("\n")) proof.line(line);
  expect(proof.isCutShort).toBe(cutShort);
});
