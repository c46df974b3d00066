import { describe, expect, test } from "vitest";
import { findOldWords, withoutOldWords } from "../../../../src/plan/words/old-words.ts";

const words = (line: string) => line.split(" ").filter((word) => word !== "");

test.each<[given: string, meant: string]>([
  ["tini -- django-entrypoint.sh", ""],
  [
    "tini -- django-entrypoint.sh mysite.wsgi:application --timeout 1800",
    "mysite.wsgi:application --timeout 1800",
  ],
  ["tini -g -vvv -p SIGTERM -- django-entrypoint.sh -w 2", "-w 2"],
  ["dumb-init --rewrite 15:3 gunicorn mysite.wsgi", "gunicorn mysite.wsgi"],
  ["dinit django-entrypoint.sh celery beat", "celery beat"],
  ["dinit celery-entrypoint.sh worker --app mysite", "celery worker --app mysite"],
  ["/scripts/celery-entrypoint.sh celery worker", "celery worker"],
  ["celery-entrypoint.sh --app mysite worker", "celery --app mysite worker"],
  ["celery-entrypoint.sh python worker.py", "python worker.py"],
  ["celery-entrypoint.sh", ""],
  ["tini -- djinit mysite.wsgi:application", "mysite.wsgi:application"],
  ["/usr/local/sbin/tini /scripts/django-entrypoint.sh release", "release"],
  ["tini -- python -m tini --", "python -m tini --"],
  // Nobody's but the user's.
  ["./django-entrypoint.sh mysite.wsgi:application", "./django-entrypoint.sh mysite.wsgi:application"],
  ["/app/tini -- x", "/app/tini -- x"],
  ["djinit", "djinit"],
  ["mysite.wsgi:application tini -- dinit", "mysite.wsgi:application tini -- dinit"],
  ["", ""],
])("%s means %s", (given, meant) => {
  expect(withoutOldWords(words(given)).argv).toEqual(words(meant));
});

describe("one sentence says what to write", () => {
  test.each<[given: string, named: string, write: string]>([
    ["tini -- django-entrypoint.sh", "tini django-entrypoint.sh", "CMD []"],
    ["dinit celery-entrypoint.sh worker", "dinit celery-entrypoint.sh", 'CMD ["celery", "worker"]'],
    ["celery-entrypoint.sh --app x worker", "celery-entrypoint.sh", 'CMD ["celery", …]'],
    ["tini -- django-entrypoint.sh a.wsgi:app", "tini django-entrypoint.sh", 'CMD ["a.wsgi:app"]'],
    ["django-entrypoint.sh -w 2", "django-entrypoint.sh", "CMD […]"],
  ])("%s", (given, named, write) => {
    const found = findOldWords(words(given));
    expect(found).toMatchObject([{ variable: "ENTRYPOINT" }]);
    expect(found[0]?.problem).toContain(`${named} is deprecated`);
    expect(found[0]?.problem.endsWith(write)).toBe(true);
  });

  test("which repeats no argument, for it may be a secret", () => {
    expect(
      JSON.stringify(findOldWords(words("tini -- celery worker --broker redis://:s3cr3t@h"))),
    ).not.toContain("s3cr3t");
  });

  test("none where there is none", () => {
    expect(findOldWords(["mysite.wsgi:application"])).toEqual([]);
  });
});
