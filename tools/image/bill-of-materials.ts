// What an image is made of, as CycloneDX. Pure.
import { Enums, Models, Serialize, SPDX, Spec } from "@cyclonedx/cyclonedx-library";

export interface PackageFacts {
  name: string;
  version: string;
  license?: string;
  /** As package-lock.json has it: `sha512-…` in base64. */
  integrity?: string;
}

export interface DebianFacts {
  name: string;
  version: string;
  architecture: string;
}

export interface ImageFacts {
  name: string;
  version: string;
  /** Of /etc/os-release: `debian`, `trixie`. */
  distribution: { id: string; codename: string };
  npm: PackageFacts[];
  pypi: PackageFacts[];
  debian: DebianFacts[];
}

/** A document in JSON, the same for the same facts. */
export function billOfMaterials(facts: ImageFacts): string {
  const { Component } = Models;
  const bom = new Models.Bom();
  bom.metadata.component = new Component(Enums.ComponentType.Container, facts.name, {
    version: facts.version,
    bomRef: "image",
  });
  for (const component of [
    ...facts.npm.map((it) => packageComponent("npm", it)),
    ...facts.pypi.map((it) => packageComponent("pypi", it)),
    ...facts.debian.map((it) => debianComponent(it, facts.distribution)),
  ])
    bom.components.add(component);
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function packageComponent(type: "npm" | "pypi", { name, version, license, integrity }: PackageFacts) {
  // PyPI's names are the same in capitals and with underscores.
  const path = type === "npm" ? name.replace("@", "%40") : name.toLowerCase().replaceAll("_", "-");
  const purl = `pkg:${type}/${path}@${version}`;
  const component = new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
  const sha512 = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
  if (sha512 !== undefined)
    component.hashes.set(Enums.HashAlgorithm["SHA-512"], Buffer.from(sha512, "base64").toString("hex"));
  if (license !== undefined && license !== "")
    component.licenses.add(
      SPDX.isSupportedSpdxId(license) ? new Models.SpdxLicense(license) : new Models.NamedLicense(license),
    );
  return component;
}

function debianComponent(
  { name, version, architecture }: DebianFacts,
  { id, codename }: ImageFacts["distribution"],
) {
  const purl = `pkg:deb/${id}/${name}@${encodeURIComponent(version)}?arch=${architecture}&distro=${codename}`;
  return new Models.Component(Enums.ComponentType.Library, name, { version, purl, bomRef: purl });
}
