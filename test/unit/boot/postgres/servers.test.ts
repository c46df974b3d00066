import { chmodSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { serversOf } from "../../../../src/boot/postgres/servers.ts";
import { findUrlProblems } from "../../../../src/boot/postgres/url-problems.ts";
import { databaseKind } from "../../../../src/plan/database-kind.ts";
import { withFilesOf } from "../../../../src/platform/libc.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

test.each([
  [undefined, "other"],
  ["postgres://u:p@h/d", "postgres"],
  ["postgresql://h/d", "postgres"],
  ["POSTGRES://h/d", "postgres"],
  ["psql://h/d", "postgres"],
  ["pgsql://h/d", "postgres"],
  ["postgis://h/d", "postgres"],
  ["timescale://h/d", "postgres"],
  ["timescalegis://h/d", "postgres"],
  ["sqlite:////app/data/db.sqlite3", "file"],
  ["sqlite://:memory:", "file"],
  ["spatialite:///x", "file"],
  ["mysql://u:p@h/d", "other"],
  ["oracle://u:p@h/d", "other"],
  // They speak the protocol, but have no advisory locks.
  ["cockroach://u:p@h/d", "other"],
  ["cockroachdb://u:p@h/d", "other"],
  ["redshift://u:p@h/d", "other"],
  ["postgresql+psycopg://u:p@h/d", "other"],
  ["postgresqlx://h/d", "other"],
  ["postgres:///?service=bakery", "other"],
])("%s is waited for as %s", (url, kind) => {
  expect(databaseKind(url)).toBe(kind);
});

const directory = temporaryDirectory();
const SOCKET = "/var/run/postgresql";
/** host:port:user:password:database of each server, as dj-database-url and django-environ, or libpq, have them. */
const URLS: [url: string, ...servers: string[]][] = [
  ["postgres://u:p@h:6543/d", "h:6543:u:p:d"],
  ["postgis://u:p@h/d", "h:5432:u:p:d"],
  ["PostgreSQL://u:p@h/d", "h:5432:u:p:d"],
  ["timescale://u:p@h/d", "h:5432:u:p:d"],
  ["psql://u:p%40%2F%3A%20x@h/d", "h:5432:u:p@/: x:d"],
  ["postgres://u:p@[::1]:6543/d", "::1:6543:u:p:d"],
  ["postgres://u:p@[::1]/d", "::1:5432:u:p:d"],
  ["postgres://u%40x:p@h/d", "h:5432:u@x:p:d"],
  ["postgres://u:p@ss@h/d", "h:5432:u:p@ss:d"],
  ["postgres://u:p:w@h/d", "h:5432:u:p:w:d"],
  ["postgres://u:p+w@h/d", "h:5432:u:p+w:d"],
  ["postgres://u:100%@h/d", "h:5432:u:100%:d"],
  ["postgres://u:100%zz%41@h/d", "h:5432:u:100%zzA:d"],
  ["postgres://u:p%C3%A4@h/d", "h:5432:u:pä:d"],
  ["postgres://u:p#1@h/d", "h:5432:u:p#1:d"],
  ["postgres://u:p@ss#1@h/d", "h:5432:u:p@ss#1:d"],
  ["postgres://u:p%41#1%@h:6543/d%20x", "h:6543:u:p%41#1%:d%20x"],
  ["postgres://u:p[1]@h/d", "h:5432:u:p[1]:d"],
  ["postgres://u:p@h/my%20db", "h:5432:u:p:my db"],
  ["postgres://u:p@h/a%2Fb", "h:5432:u:p:a/b"],
  ["postgres://u:p@h/d%3F%23", "h:5432:u:p:d?#"],
  ["postgres://u:p@h/k%C3%A4se", "h:5432:u:p:käse"],
  ["postgres://u:p@h/my-db_1", "h:5432:u:p:my-db_1"],
  ["postgres://u:p@h/?dbname=d", "h:5432:u:p:d"],
  ["postgres://h/d?user=u&password=p", "h:5432:u:p:d"],
  ["postgres://u:p@h/d?port=6543", "h:6543:u:p:d"],
  ["postgres://u:p@h:6543/d?conn_max_age=600&CONN_HEALTH_CHECKS=true&pool=true", "h:6543:u:p:d"],
  ["postgres://u:p@h/d?hostaddr=10.0.0.1", "10.0.0.1:5432:u:p:d"],
  ["postgres://u:p@/d", `${SOCKET}:5432:u:p:d`],
  ["postgres://u:p@:6543/d", `${SOCKET}:6543:u:p:d`],
  ["postgres:///d?user=u&password=p", `${SOCKET}:5432:u:p:d`],
  ["postgres://u:p@/d?host=/tmp", "/tmp:5432:u:p:d"],
  ["postgres://u:p@%2Fvar%2Frun%2Fpostgresql/d", `${SOCKET}:5432:u:p:d`],
  ["postgres://u:p@%2Fcloudsql%2Fproject%3Aregion%3Aname/d", "/cloudsql/project:region:name:5432:u:p:d"],
  ["postgres://u:p@%2FTmp:6543/d", "/Tmp:6543:u:p:d"],
  ["postgres://u:p@//run/postgresql/d", "/run/postgresql:5432:u:p:d"],
  ["postgres://u:p@/%2Frun%2Fpostgresql/d", "/run/postgresql:5432:u:p:d"],
  ["postgres://u:p@h1:1,h2:2/d", "h1:1:u:p:d", "h2:2:u:p:d"],
  ["postgres://u:p@h1,h2/d", "h1:5432:u:p:d", "h2:5432:u:p:d"],
  // What Django hands on is one port, which counts for all.
  ["postgres://u:p@h1,h2:6543/d", "h1:6543:u:p:d", "h2:6543:u:p:d"],
  ["postgres://u:p@h1:1,h2,[::1]:3/d", "h1:1:u:p:d", "h2:5432:u:p:d", "::1:3:u:p:d"],
  ["postgres://u:p@/d?host=h1,h2&port=1,2", "h1:1:u:p:d", "h2:2:u:p:d"],
];

test.each(URLS)("%s", (url, ...expected) => {
  const shown = serversOf(url, {}).map(({ host, port, user, password, database }) =>
    [host, port, user, password, database].join(":"),
  );
  expect(shown).toEqual(expected);
  expect(findUrlProblems({ databaseUrl: url }, {})).toEqual([]);
});

describe("a file of passwords", () => {
  const passwordsOf = (url: string, environment: NodeJS.ProcessEnv) =>
    serversOf(url, environment).map(({ password }) => password);
  const file = directory.write("pgpass", "h:*:d:u:s3cr3t\n");

  test("that everybody may read is none, as to libpq", () => {
    chmodSync(file, 0o600);
    expect(passwordsOf("postgres://u@h/d", { PGPASSFILE: file })).toEqual(["s3cr3t"]);
    expect(passwordsOf(`postgres://u@h,other/d?passfile=${file}`, {})).toEqual(["s3cr3t", undefined]);
    chmodSync(file, 0o640);
    expect(passwordsOf("postgres://u@h/d", { PGPASSFILE: file })).toEqual([undefined]);
  });
});

describe("what else a URL asks for", () => {
  test.each<[string, object]>([
    ["options=-c%20search_path%3Dx", { options: "-c search_path=x" }],
    ["options=-c+search_path%3Dx", { options: "-c search_path=x" }],
    ["currentSchema=cakes", { options: "-c search_path=cakes" }],
    ["application_name=x", { application_name: "x" }],
    ["target_session_attrs=read-write", { wants: "read-write" }],
    ["target_session_attrs=prefer-standby", { wants: "prefer-standby" }],
    ["", { wants: "any", encryptions: [{ rejectUnauthorized: false }, false] }],
    ["sslmode=disable", { encryptions: [false] }],
    ["sslmode=allow", { encryptions: [false, { rejectUnauthorized: false }] }],
    ["sslmode=prefer", { encryptions: [{ rejectUnauthorized: false }, false] }],
    // libpq's meaning: encrypted, but nobody's certificate is checked.
    ["sslmode=require", { encryptions: [{ rejectUnauthorized: false }] }],
    ["ssl=true", { encryptions: [{ rejectUnauthorized: false }] }],
    ["sslmode=verify-full", { encryptions: [{}] }],
    ["sslmode=require&sslnegotiation=direct", { sslnegotiation: "direct" }],
    // Where it need not verify, libpq does without a file that is not there.
    ["sslmode=require&sslrootcert=/nowhere.pem", { encryptions: [{ rejectUnauthorized: false }] }],
    ["sslrootcert=/nowhere.pem", { encryptions: [{ rejectUnauthorized: false }, false] }],
    [
      "sslmode=require&sslcert=/nowhere.pem&sslkey=/nowhere.key",
      { encryptions: [{ rejectUnauthorized: false }] },
    ],
  ])("%s", (query, options) => {
    expect(serversOf(`postgres://u:p@h/d?${query}`, {})).toMatchObject([options]);
  });

  test.runIf(process.geteuid?.() === 0)(
    "nor with a root certificate that is closed to the application",
    () => {
      const closed = join(directory.path, "closed");
      mkdirSync(closed, { mode: 0o700 });
      writeFileSync(join(closed, "ca.pem"), "");
      // Others may enter the way there.
      for (const open of [directory.path, dirname(directory.path)])
        if ((statSync(open).mode & 0o001) === 0) chmodSync(open, 0o711);
      const of = (query: string) =>
        withFilesOf({ uid: 65_534, gid: 65_534 }, () => serversOf(`postgres://u:p@h/d?${query}`, {}));
      expect(of(`sslmode=require&sslrootcert=${closed}/ca.pem`)).toMatchObject([
        { encryptions: [{ rejectUnauthorized: false }] },
      ]);
      // What it cannot do without.
      expect(() => of(`sslmode=verify-ca&sslrootcert=${closed}/ca.pem`)).toThrow("EACCES");
      expect(() => of(`sslmode=require&sslcert=${closed}/ca.pem`)).toThrow("EACCES");
    },
  );

  test("a socket is never encrypted", () => {
    expect(serversOf("postgres:///d?sslmode=verify-full", {})).toMatchObject([{ encryptions: [false] }]);
  });

  test("sslrootcert=system verifies name and signature by the system's certificates", () => {
    const file = directory.write("roots.pem", "PEM");
    const url = "postgres://u:p@h/d?sslrootcert=system";
    const [server] = serversOf(url, { SSL_CERT_FILE: file });
    expect(server?.encryptions).toEqual([{ ca: "PEM", host: "h" }]);
    expect(serversOf(url, {})[0]?.encryptions).toMatchObject([{ host: "h" }]);
  });

  test("a root of one's own: require and verify-ca check who has signed, verify-full for whom too", () => {
    const file = directory.write("roots.pem", "PEM");
    const encryption = (mode: string) =>
      serversOf(`postgres://u:p@h/d?sslmode=${mode}&sslrootcert=${file}`, {})[0]?.encryptions[0];
    expect(encryption("require")).toEqual({ ca: "PEM", checkServerIdentity: expect.any(Function) });
    expect(encryption("verify-ca")).toEqual({ ca: "PEM", checkServerIdentity: expect.any(Function) });
    expect(encryption("verify-full")).toEqual({ ca: "PEM", host: "h" });
    expect(encryption("prefer")).toEqual({ rejectUnauthorized: false });
  });
});

describe("where the URL says nothing, libpq's variables do", () => {
  const environment = {
    PGHOST: "h1,h2",
    PGPORT: "6543",
    PGUSER: "u",
    PGPASSWORD: "p",
    PGDATABASE: "e",
    PGSSLMODE: "require",
    PGTARGETSESSIONATTRS: "primary",
  };

  test("all of them", () => {
    const common = { port: 6543, user: "u", password: "p", database: "d", wants: "primary" };
    expect(serversOf("postgres:///d", environment)).toMatchObject([
      { ...common, host: "h1", encryptions: [{ rejectUnauthorized: false }] },
      { ...common, host: "h2" },
    ]);
  });

  test("the URL wins", () => {
    expect(serversOf("postgres://v:q@h:1/d?sslmode=disable", environment)).toMatchObject([
      { host: "h", port: 1, user: "v", password: "q", database: "d", encryptions: [false] },
    ]);
  });

  test("a file of passwords", () => {
    const file = directory.write(
      "passwords",
      "# h:1:d:u:none\nh:1:other:u:no\nh:*:d:u\\:x:p\\:w\n*:*:*:u:any\nlocalhost:5432:d:s:socket\n",
    );
    chmodSync(file, 0o600);
    const passwordOf = (url: string) => serversOf(url, { PGPASSFILE: file })[0]?.password;
    expect(passwordOf("postgres://u@h:1/d")).toBe("any");
    expect(passwordOf("postgres://u%3Ax@h:1/d")).toBe("p:w");
    expect(passwordOf("postgres://s@/d")).toBe("socket");
    expect(passwordOf("postgres://v@h/d")).toBeUndefined();
    expect(passwordOf("postgres://u:own@h/d")).toBe("own");
    expect(serversOf("postgres://u@h/d", { PGPASSFILE: "/nowhere" })[0]?.password).toBeUndefined();
  });
});

describe("what is wrong with the URL itself", () => {
  test.each([[undefined], ["sqlite:////x"], ["mysql://u:p@h:port/d"], ["mysql+pymysql://u:p@h/d"]])(
    "%s: nothing",
    (url) => {
      expect(findUrlProblems({ databaseUrl: url }, {})).toEqual([]);
    },
  );

  test.each([
    ["hello", "is no URL"],
    ['"postgres://u:s3cr3t@h/d"', "is in quotes"],
    ["'hello'", "is in quotes"],
    ["//h/d", "is no URL"],
    ["postgres://u:s3cr3t@h:port/d", "cannot be parsed"],
    ["postgres://h:70000/d", "its port is 70000"],
    ["postgres://u:s3cr3t@h:0/d", "its port is 0"],
    ["postgres://u:s3cr3t@h1,h2:99999/d", "its port is 99999"],
    ["postgres://u:s3cr3t@h/d?port=70000", "its port is 70000"],
    ["postgres://u:s3cr3t", "cannot be parsed"],
    ["postgres://u:s3cr3t/x@h/d", "cannot be parsed"],
    ["postgres://u:s3cr3t?x@h/d", "cannot be parsed"],
    ["postgres://u:99999/s3cr3t@h/d", "cannot be parsed"],
    ["postgres://u:s3cr3t@::1/d", "cannot be parsed"],
    ["postgres://u:s3cr3t@h/d?port=abc", "cannot be parsed"],
    ["postgres://u:s3cr3t@h/d?sslmode=verify-full&sslrootcert=/nowhere.pem", "/nowhere.pem"],
    ["postgres://u:s3cr3t@h/d?sslmode=verify-ca", "verify-ca"],
    ["postgres://u:s3cr3t@h/d?sslmode=on", 'its sslmode is "on"'],
    ["postgres://u:s3cr3t@h/d?sslmode=require&sslrootcert=system", "verify-full"],
    ["postgres://u:s3cr3t@h/d?target_session_attrs=writer", 'its target_session_attrs is "writer"'],
  ])("%s: %s", (url, reason) => {
    const problems = findUrlProblems({ databaseUrl: url }, {});
    expect(problems).toMatchObject([{ variable: "DATABASE_URL", problem: expect.stringContaining(reason) }]);
    expect(JSON.stringify(problems)).not.toMatch(/s3cr3t|u:99999/);
    if (!reason.includes("99999")) expect(JSON.stringify(problems)).not.toContain("99999");
  });

  test("the URL for migrations is looked at too, and both are reported", () => {
    const problems = findUrlProblems(
      { databaseUrl: "hello", migrationsDatabaseUrl: "postgres://h:port/d" },
      {},
    );
    expect(problems.map(({ variable }) => variable)).toEqual(["DATABASE_URL", "MIGRATIONS_DATABASE_URL"]);
  });
});
