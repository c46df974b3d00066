import { expect, test } from "vitest";
import { areHarmless } from "../../../../src/boot/gunicorn/hold.ts";

test.each([
  [["shop.wsgi"]],
  [
    [
      "shop.wsgi:application",
      "-w",
      "3",
      "--threads=2",
      "--timeout",
      "60",
      "--access-logfile",
      "-",
      "-k",
      "gthread",
    ],
  ],
  [["shop.wsgi", "--worker-class=asgi"]],
])("begins beside the boot: %j", (words) => {
  expect(areHarmless(words)).toBe(true);
});

test.each(
  [
    "--preload",
    "--prel",
    "--bind=0.0.0.0:80",
    "-b",
    "-c",
    "--config",
    "--chdir=/srv",
    "--pythonpath",
    "-e",
    "--env=A=b",
    "--paste",
    "--reload",
    "--worker-tmp-dir",
    "--work",
    "--timeouts",
    // The master imports it.
    "-k shop.workers.Own",
    "--worker-class shop.workers.Own",
    "--worker-class=shop.workers.Own",
    "-k",
  ].map((words) => [words]),
)("waits at its gate: %s", (words) => {
  expect(areHarmless(["shop.wsgi", ...words.split(" ")])).toBe(false);
});
