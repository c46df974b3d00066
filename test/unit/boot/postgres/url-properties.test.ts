import fc from "fast-check";
import { expect, test } from "vitest";
import { serversOf } from "../../../../src/boot/postgres/servers.ts";
import { findUrlProblems } from "../../../../src/boot/postgres/url-problems.ts";

const text = fc.string({ minLength: 1, unit: "grapheme" }).filter((given) => given.isWellFormed());
/** A name that begins with a slash is the directory of a socket to django-environ. */
const name = text.filter((given) => !given.startsWith("/"));

test("whatever user, password and database are, their escapes give them back", () => {
  fc.assert(
    fc.property(text, text, name, (user, password, database) => {
      const [escaped, secret, path] = [user, password, database].map(encodeURIComponent);
      const [server] = serversOf(`postgres://${escaped}:${secret}@host:6543/${path}`, {});
      expect(server).toMatchObject({ user, password, database, host: "host", port: 6543 });
    }),
  );
});

test("whatever stands where the password is, nothing that is said of the URL repeats it", () => {
  const secret = fc.stringMatching(/^[#-~]{4,12}s3cr3t[#-~]{0,8}$/);
  fc.assert(
    fc.property(secret, fc.constantFrom("h", "h:70000", "h:port", "h,i:1", ""), (password, host) => {
      const problems = findUrlProblems({ databaseUrl: `postgres://u:${password}@${host}/d?sslmode=on` }, {});
      expect(JSON.stringify(problems)).not.toContain("s3cr3t");
    }),
  );
});
