import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { loadConfig } from "../../../src/config/load.ts";
import { processes } from "../../../src/config/process-types.ts";
import { parseProcfile, readProcfile } from "../../../src/config/procfile.ts";
import { temporaryDirectory } from "../../support/temporary-directory.ts";

const directory = temporaryDirectory();

function projectWith(name: string, content: string | Buffer): string {
  const project = join(directory.path, name);
  mkdirSync(project);
  writeFileSync(join(project, "Procfile"), content);
  return project;
}

describe("a Procfile", () => {
  test("has a name, a colon and a command in each line; comments and empty lines say nothing", () => {
    const text =
      "# what runs\r\n\r\nweb: gunicorn app.wsgi\r\n  rq :  python manage.py rqworker # one\nmy-job_2:a:b";
    expect(parseProcfile(text)).toEqual({
      entries: [
        { name: "web", command: "gunicorn app.wsgi", lineNumber: 3 },
        { name: "rq", command: "python manage.py rqworker # one", lineNumber: 4 },
        { name: "my-job_2", command: "a:b", lineNumber: 5 },
      ],
      problems: [],
    });
  });

  test("all that is wrong is said at once, with the numbers of its lines, and without what may be a secret", () => {
    const lines = [
      "rq: python manage.py rqworker",
      "rq python manage.py rqworker --password=hush",
      "my job: x",
      "rq: again",
      "empty:",
      "long: python \\",
      `quoted: echo "it's`,
      "fine: echo '\"' \\' # it's a comment",
      "control: a\u0007b",
    ];
    const { entries, problems } = parseProcfile(lines.join("\n"));
    expect(entries.map(({ name }) => name)).toEqual(["rq", "fine"]);
    expect(problems.map(({ problem }) => problem)).toEqual([
      'Procfile line 2: "rq" is followed by no colon: write NAME: COMMAND',
      'Procfile line 3: "my job" is no name: up to 63 letters, digits, - and _ stand before the colon',
      'Procfile line 4: "rq" has line 1 already: give it another name',
      'Procfile line 5: "empty" has no command after the colon',
      'Procfile line 6: "long" ends with a backslash: a Procfile has no lines that go on',
      'Procfile line 7: "quoted" has a " that is never closed',
      'Procfile line 9: "control" has a control character in its command',
    ]);
    expect(problems.map(({ value }) => value)).toEqual([
      "rq",
      "my",
      "rq",
      "empty",
      "long",
      "quoted",
      "control",
    ]);
  });

  test("that is not there is no problem; one that is no plain file of text is", () => {
    expect(readProcfile("/nonexistent")).toEqual({
      path: "/nonexistent/Procfile",
      entries: [],
      problems: [],
    });
    const problemOf = (project: string) => readProcfile(project).problems.map(({ problem }) => problem);
    expect(problemOf(projectWith("latin", Buffer.from([0x72, 0x3a, 0xe9])))).toEqual([
      `${directory.path}/latin/Procfile cannot be read: it is not UTF-8`,
    ]);
    expect(problemOf(projectWith("large", "#".repeat(65 * 1024)))).toEqual([
      `${directory.path}/large/Procfile cannot be read: it is larger than 64 KiB`,
    ]);
    const linked = join(directory.path, "linked");
    mkdirSync(linked);
    symlinkSync("/etc/passwd", join(linked, "Procfile"));
    expect(problemOf(linked)).toEqual([`${linked}/Procfile cannot be read: it is a link`]);
  });
});

describe("DJINIT_PROCESSES", () => {
  const read = (text: string) => {
    const parsed = v.safeParse(processes(), text);
    return parsed.success ? parsed.output : parsed.issues[0].message;
  };
  test.each([
    ["rq", [{ name: "rq", count: 1 }]],
    [
      "rq=2, mail",
      [
        { name: "rq", count: 2 },
        { name: "mail", count: 1 },
      ],
    ],
    ["rq=0", [{ name: "rq", count: 0 }]],
    ["rq=x", 'where "rq=x" is not NAME or NAME=NUMBER'],
    ["rq,", 'where "" is not NAME or NAME=NUMBER'],
    ["rq.1", 'where "rq.1" is not NAME or NAME=NUMBER'],
    ["rq=65", 'where "rq=65" is more than 64 processes'],
    ["rq,rq=2", 'where "rq" comes twice'],
  ])("%j", (text, expected) => {
    expect(read(text)).toEqual(expected);
  });
});

describe("by the Procfile", () => {
  const project = projectWith("levels", "rq: python manage.py rqworker\n");
  const load = (variables: Record<string, string>) => loadConfig(variables, project);

  test("a level may be for an entry; another name is refused, with those that there are", () => {
    expect(load({ DJINIT_LOG_LEVEL: "rq=warn" }).problems).toEqual([]);
    expect(load({ DJINIT_LOG_LEVEL: "qr=warn" }).problems).toMatchObject([
      {
        variable: "DJINIT_LOG_LEVEL",
        problem: expect.stringMatching(/names "qr", which is none of djinit, .*, rq$/),
      },
    ]);
  });

  test("commands of health have the names of entries, and are no misspelt variables", () => {
    const { config, warnings } = load({
      DJINIT_HEALTH_RQ: "true",
      DJINIT_HEALTH_PERIOD: "5",
      DJINIT_HEALTH_MY_JOB: "",
    });
    expect(warnings).toEqual([]);
    expect(config).toMatchObject({
      healthCommands: { RQ: "true" },
      healthPeriodMs: 5_000,
      healthTimeoutMs: 10_000,
    });
  });
});
