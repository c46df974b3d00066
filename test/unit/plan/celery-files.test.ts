import { expect, test } from "vitest";
import { planOf } from "../../support/planned.ts";

const argvOf = (cmd: string) => planOf(cmd, { CELERY_APP: "cakes" }).services[0]?.argv.join(" ");

// It works in the application's directory, where it may write nothing.
test.each([
  ["worker --pidfile w.pid", "--pidfile /run/celery/w.pid"],
  ["worker --pidfile=%n.pid", "--pidfile=/run/celery/%n.pid"],
  ["worker --pidfile=/tmp/w.pid", "--pidfile=/tmp/w.pid"],
  // No file at all.
  ["worker --pidfile=", "--pidfile="],
  ["worker -S state -B -s schedule", "-S /run/celery/state -B -s /run/celery/schedule"],
  ["worker --statedb=state --schedule=x", "--statedb=/run/celery/state --schedule=/run/celery/x"],
  ["beat -sschedule", "-s/run/celery/schedule"],
  ["beat --schedule /data/s -f beat.log", "--schedule /data/s -f /run/celery/beat.log"],
  // Beat's -S names a class.
  ["beat -S django", "-S django"],
  ["beat --scheduler django", "--scheduler django"],
  ["worker -Q s,f --queues=x", "-Q s,f --queues=x"],
])("celery %s", (words, expected) => {
  expect(argvOf(`celery ${words}`)?.replace(/^.*--loglevel INFO /, "")).toBe(expected);
});

test("who chooses the working directory chooses that of the files", () => {
  expect(argvOf("celery --workdir /data beat -s schedule")).toMatch(/ -s schedule$/);
});
