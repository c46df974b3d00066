import { expect, test } from "vitest";
import { billOfMaterials } from "../../../tools/image/bill-of-materials.ts";

const FACTS = {
  name: "djinit",
  version: "1.2.3",
  distribution: { id: "debian", codename: "trixie" },
  npm: [
    { name: "@pinojs/redact", version: "0.4.0", license: "MIT", integrity: `sha512-${btoa("x".repeat(64))}` },
  ],
  pypi: [{ name: "Some_Thing", version: "2.0", license: "" }],
  debian: [{ name: "nginx", version: "1.26.3-3+deb13u11", architecture: "amd64" }],
};

test("each package has its package URL, its licence and its hash", () => {
  const text = billOfMaterials(FACTS);
  const { components, metadata, ...head } = JSON.parse(text) as {
    components: { purl: string; hashes?: { alg: string; content: string }[]; licenses?: unknown }[];
    metadata: { component: object };
  };
  expect(components.map(({ purl }) => purl).sort()).toEqual([
    "pkg:deb/debian/nginx@1.26.3-3%2Bdeb13u11?arch=amd64&distro=trixie",
    "pkg:npm/%40pinojs/redact@0.4.0",
    "pkg:pypi/some-thing@2.0",
  ]);
  const npm = components.find(({ purl }) => purl.startsWith("pkg:npm"));
  expect(npm).toMatchObject({
    hashes: [{ alg: "SHA-512", content: "78".repeat(64) }],
    licenses: [{ license: { id: "MIT" } }],
  });
  expect(head).toMatchObject({ bomFormat: "CycloneDX", specVersion: "1.6" });
  expect(metadata.component).toMatchObject({ type: "container", name: "djinit", version: "1.2.3" });
});

test("the same facts give the same text", () => {
  expect(billOfMaterials(FACTS)).toBe(billOfMaterials({ ...FACTS }));
});
