import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { serversOf } from "../../../../src/boot/postgres/servers.ts";
import { withoutService } from "../../../../src/boot/postgres/service-file.ts";
import { temporaryDirectory } from "../../../support/temporary-directory.ts";

const root = temporaryDirectory();
const FILE = `# ours
[other]
host=nowhere

  [bakery]
host=h
host=second
port=6543
dbname=cakes
user=baker
password=a=b
connect_timeout=3
[broken]
oven=hot
[whole]
dbname=postgres://h/d
[ldap]
ldap://h/dc=x
[bakery]
host=third
`;

function files(texts: { home?: string; system?: string }) {
  const directory = mkdtempSync(join(root.path, "services-"));
  const [home, system] = [join(directory, "home"), join(directory, "system")];
  for (const each of [home, system]) mkdirSync(each);
  if (texts.home !== undefined) writeFileSync(join(home, ".pg_service.conf"), texts.home);
  if (texts.system !== undefined) writeFileSync(join(system, "pg_service.conf"), texts.system);
  return { home, environment: { HOME: home, PGSYSCONFDIR: system } };
}

/** host:port:user:password:database, or why there is none. */
function place(url: string, environment: NodeJS.ProcessEnv): string | undefined {
  const plain = withoutService(url, environment);
  if (plain === undefined) return undefined;
  return serversOf(plain, environment)
    .map(({ host, port, user, password, database }) => [host, port, user, password, database].join(":"))
    .join();
}

describe("a service", () => {
  test.each([
    ["postgres:///?service=bakery", "h:6543:baker:a=b:cakes"],
    ["postgres://@/?service=bakery", "h:6543:baker:a=b:cakes"],
    ["postgres://me:w@/bread?service=bakery", "h:6543:me:w:bread"],
    ["postgres://g:1/?service=bakery", "g:1:baker:a=b:cakes"],
    ["postgres:///?service=bakery&host=g&port=2", "g:2:baker:a=b:cakes"],
    ["postgres:///?service=nowhere", undefined],
    ["postgres:///?service=broken", undefined],
    ["postgres:///?service=whole", undefined],
    ["postgres:///?service=ldap", undefined],
  ])("%s is %s", (url, expected) => {
    expect(place(url, files({ home: FILE }).environment)).toBe(expected);
    expect(place(url, files({ system: FILE }).environment)).toBe(expected);
  });

  test("named by PGSERVICE, where the URL has none", () => {
    const { environment } = files({ home: FILE });
    expect(place("postgres:///bread", { ...environment, PGSERVICE: "bakery" })).toBe(
      "h:6543:baker:a=b:bread",
    );
    expect(place("postgres:///?service=bakery", { ...environment, PGSERVICE: "other" })).toBe(
      "h:6543:baker:a=b:cakes",
    );
  });

  test("its own words win over libpq's variables", () => {
    const { environment } = files({ home: FILE });
    const given = { ...environment, PGHOST: "x", PGPASSWORD: "y" };
    expect(place("postgres:///?service=bakery", given)).toBe("h:6543:baker:a=b:cakes");
  });

  test("the user's file comes before the system's, PGSERVICEFILE before the user's, which must be there then", () => {
    const { environment, home } = files({ home: "[a]\nhost=a\n", system: "[a]\nhost=s\n[b]\nhost=b\n" });
    const host = (name: string, more: NodeJS.ProcessEnv = {}) =>
      place(`postgres://u:p@/d?service=${name}`, { ...environment, ...more })?.split(":")[0];
    expect([host("a"), host("b")]).toEqual(["a", "b"]);
    const given = join(home, "given.conf");
    writeFileSync(given, "[a]\nhost=g\n");
    expect([host("a", { PGSERVICEFILE: given }), host("b", { PGSERVICEFILE: given })]).toEqual(["g", "b"]);
    expect(host("a", { PGSERVICEFILE: join(home, "no.conf") })).toBeUndefined();
  });

  test("a link is followed where the operator names it, and not in the home of the application", () => {
    const { environment, home } = files({});
    const real = join(home, "real.conf");
    writeFileSync(real, FILE);
    symlinkSync(real, join(home, ".pg_service.conf"));
    expect(place("postgres:///?service=bakery", environment)).toBeUndefined();
    const PGSERVICEFILE = join(home, ".pg_service.conf");
    expect(place("postgres:///?service=bakery", { ...environment, PGSERVICEFILE })).toContain("h:6543");
  });
});

test.each(["postgres://u:p%40@h/d?sslmode=require", "mysql://h/d?service=bakery", "sqlite:///x"])(
  "%s stays as it is",
  (url) => {
    expect(withoutService(url, {})).toBe(url);
  },
);
