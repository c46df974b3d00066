import { expect, test } from "vitest";
import { sourcesFor } from "../../../tools/engine/debian-mirrors.ts";

test("takes the mirrors of this machine, for another release", () => {
  const targets = [
    "Other|Other|http://other.example/|stable",
    "Debian|Debian|http://mirror.example/debian/",
    "Debian|Debian|http://mirror.example/debian/",
    "Debian|Debian-Security|http://mirror.example/security/",
  ];
  expect(sourcesFor("trixie", targets.join("\n"))).toEqual([
    "deb http://mirror.example/debian/ trixie main",
    "deb http://mirror.example/debian/ trixie-updates main",
    "deb http://mirror.example/security/ trixie-security main",
  ]);
});

test("does without a security mirror that is not there", () => {
  expect(sourcesFor("trixie", "Debian|Debian|http://mirror.example/debian/")).toHaveLength(2);
});

test("is empty on a machine that is no Debian", () => {
  expect(sourcesFor("trixie", "Ubuntu|Ubuntu|http://mirror.example/ubuntu/")).toEqual([]);
  expect(sourcesFor("trixie", "")).toEqual([]);
});
