import { describe, expect, test } from "vitest";
import { withExec } from "../../../../src/plan/words/last-command.ts";
import { withValues } from "../../../../src/plan/words/plain-variables.ts";

describe("the last command of a line takes the shell's place", () => {
  test.each([
    ["python manage.py rqworker $QUEUES", "exec python manage.py rqworker $QUEUES"],
    ["cd src && python manage.py rqworker", "cd src && exec python manage.py rqworker"],
    ["a; b  ", "a; exec b  "],
    ["A=1 B='x y' python x.py", "A=1 B='x y' exec python x.py"],
    ["exec python x.py > log 2>&1", "exec python x.py > log 2>&1"],
    ["python x.py 2>&1 >log", "exec python x.py 2>&1 >log"],
    ['celery -c $(nproc --all) -n "a && b; c"', 'exec celery -c $(nproc --all) -n "a && b; c"'],
    ["echo 'a && b' && ./run \\; x", "echo 'a && b' && exec ./run \\; x"],
    ['"$PYTHON" x.py', 'exec "$PYTHON" x.py'],
  ])("%s", (line, expected) => {
    expect(withExec(line)).toBe(expected);
  });

  test.each([
    "a | b",
    "a || b",
    "a &",
    "a & b",
    "(a; b)",
    "{ a; b; }",
    "while true; do a; sleep 1; done",
    "if a; then b; fi",
    "case $X in a) b;; esac",
    "a `b`",
    "a # why",
    "cd /app",
    "a;",
    "for i in 1 2; do a & done; wait",
    "A=1",
  ])("but not in `%s`", (line) => {
    expect(withExec(line)).toBeUndefined();
  });
});

describe("the values of a line's variables", () => {
  const environment = { N: "4", QUEUES: "a b", EMPTY: "" };
  test.each([
    ["celery worker", "celery worker"],
    ["celery worker -c $N", "celery worker -c 4"],
    ["celery worker -c §{N} -n x§{N:-2}y", "celery worker -c 4 -n x4y"],
    ["celery worker -c §{M:-2} $EMPTY", "celery worker -c 2 "],
    ["celery worker -Q $QUEUES", undefined],
    ["celery worker -n '$N'", undefined],
    ["celery worker -c $(nproc)", "celery worker -c $(nproc)"],
  ])("%s", (line, expected) => {
    // Not in templates of JavaScript.
    expect(withValues(line.replaceAll("§", "$"), environment)).toBe(expected);
  });
});
