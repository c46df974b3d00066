import { expect, test } from "vitest";
import { SERVICES } from "../../src/config/log-types.ts";
import { plain, readDocument, tableRows } from "./markdown.ts";

test("docs/logs.md lists exactly the services whose level can be set", () => {
  const rows = tableRows(readDocument("logs.md"), ["field", "always", "what"]);
  const row = rows.find(({ field = "" }) => plain(field) === "service");
  const listed = [...(row?.["what"] ?? "").matchAll(/`([a-z-]+)`/g)].map(([, name]) => name);
  expect(listed.toSorted()).toEqual(SERVICES.toSorted());
});
