// The part of the syntax tree that mutants are made from.
import { parseAst } from "vitest/node";

export interface Node {
  type: string;
  start: number;
  end: number;
  [field: string]: unknown;
}

export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

/** A node with the nodes that it lies in, the nearest one first. */
export interface Place {
  node: Node;
  above: Node[];
}

/** What a program does: neither its types nor its imports. */
export function* places(source: string): Generator<Place> {
  yield* walk(parseAst(source, { lang: "ts" }) as unknown as Node, []);
}

/** TypeScript's own nodes that contain code. */
const CODE_IN_TYPES = /^TS(As|Satisfies|NonNull)Expression$/;
const WITHOUT_CODE = /^(TS.*|ImportDeclaration|ExportAllDeclaration|ImportExpression)$/;

function* walk(node: Node, above: Node[]): Generator<Place> {
  if (WITHOUT_CODE.test(node.type) && !CODE_IN_TYPES.test(node.type)) return;
  yield { node, above };
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) yield* walk(child, [node, ...above]);
}
