// One change of a program each: what a slip of its author could look like.
import { isNode, type Node, type Place, places } from "./syntax.ts";

export interface Mutant {
  start: number;
  end: number;
  /** What stands there instead. */
  text: string;
}

const OPERATORS: Record<string, string[]> = {
  "===": ["!=="],
  "!==": ["==="],
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "&&": ["||"],
  "||": ["&&"],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "+=": ["-="],
  "-=": ["+="],
};
const METHODS: Record<string, string> = {
  some: "every",
  every: "some",
  startsWith: "endsWith",
  endsWith: "startsWith",
  min: "max",
  max: "min",
  shift: "pop",
  push: "unshift",
  indexOf: "lastIndexOf",
  lastIndexOf: "indexOf",
};
/** A call of one is left out; what it is called on stays. */
const LEFT_OUT = [
  "filter",
  "trim",
  "trimEnd",
  "trimStart",
  "slice",
  "toLowerCase",
  "reverse",
  "sort",
  "toSorted",
];
/** Up to here one more makes a difference, beyond it twice as much. */
const SMALL = 16;

/** Every mutant of a program. */
export function mutantsOf(source: string): Mutant[] {
  const found: Mutant[] = [];
  for (const place of places(source))
    for (const mutant of changesOf(place, source))
      if (source.slice(mutant.start, mutant.end) !== mutant.text) found.push(mutant);
  return found;
}

export function applied(source: string, { start, end, text }: Mutant): string {
  return source.slice(0, start) + text + source.slice(end);
}

function changesOf({ node, above }: Place, source: string): Mutant[] {
  switch (node.type) {
    case "IfStatement":
    case "ConditionalExpression":
      return ["true", "false"].map((text) => instead(node["test"], text));
    case "WhileStatement":
      return [instead(node["test"], "false")];
    case "BinaryExpression":
    case "LogicalExpression":
    case "AssignmentExpression":
      return operators(node, source);
    case "UnaryExpression":
      return node["operator"] === "!" ? [instead(node, textOf(node["argument"], source))] : [];
    case "UpdateExpression":
      return [instead(node, source.slice(node.start, node.end).replace(/\+\+|--/, opposite))];
    case "Literal":
      return literals(node, above);
    case "ExpressionStatement":
      return typeof node["directive"] !== "string" ? [instead(node, ";")] : [];
    case "ReturnStatement":
      return isNode(node["argument"]) ? [instead(node["argument"], "undefined")] : [];
    case "ArrayExpression":
      return (node["elements"] as unknown[]).length > 0 ? [instead(node, "[]")] : [];
    case "CallExpression":
      return calls(node, source);
    default:
      return [];
  }
}

function instead(node: unknown, text: string): Mutant {
  const { start, end } = node as Node;
  return { start, end, text };
}

function textOf(node: unknown, source: string): string {
  const { start, end } = node as Node;
  return source.slice(start, end);
}

function opposite(operator: string): string {
  return operator === "++" ? "--" : "++";
}

function operators(node: Node, source: string): Mutant[] {
  const [left, right] = [node["left"] as Node, node["right"] as Node];
  const operator = String(node["operator"]);
  if (operator === "??") return [instead(node, textOf(left, source)), instead(node, textOf(right, source))];
  if ((operator === "+" || operator === "+=") && [left, right].some(isText)) return [];
  const start = source.indexOf(operator, left.end);
  return (OPERATORS[operator] ?? []).map((text) => ({ start, end: start + operator.length, text }));
}

function isText(node: Node): boolean {
  if (node.type === "BinaryExpression")
    return [node["left"], node["right"]].some((side) => isText(side as Node));
  return node.type === "TemplateLiteral" || (node.type === "Literal" && typeof node["value"] === "string");
}

function literals(node: Node, above: Node[]): Mutant[] {
  const value = node["value"];
  if (typeof value === "boolean") return [instead(node, String(!value))];
  if (typeof value === "number") return [instead(node, String(value <= SMALL ? value + 1 : value * 2))];
  const isName = above[0]?.["key"] === node && above[0]["computed"] !== true;
  // The wording of an error is nobody's demand.
  const isWording = above.some(({ type }) => type === "ThrowStatement" || type === "NewExpression");
  if (typeof value !== "string" || isName || isWording) return [];
  return [instead(node, value === "" ? '"mutant"' : '""')];
}

function calls(node: Node, source: string): Mutant[] {
  const callee = node["callee"] as Node;
  const [object, property] = [callee["object"], callee["property"]];
  if (callee.type !== "MemberExpression" || !isNode(object) || !isNode(property)) return [];
  const name = String(property["name"]);
  if (LEFT_OUT.includes(name)) return [instead(node, textOf(object, source))];
  const other = METHODS[name];
  return other === undefined ? [] : [instead(property, other)];
}
