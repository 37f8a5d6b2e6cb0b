import { type Fields, isFields, objectsIn, textIn } from "@microscaling/plugin-kit";

/** Labels by name. */
export type Labels = Readonly<Record<string, string>>;

/** Which pods belong to an object. */
export interface Selector {
  /** The same for selectors that are the same. */
  readonly text: string;
  /** Labels that a pod must have just so. */
  readonly equal: readonly (readonly [string, string])[];
  /** What else is asked of its labels. */
  readonly matches: (labels: Labels) => boolean;
}

/**
 * Reads a selector as a Deployment has it, as a ReplicationController has it, or the text that a scale subresource has.
 * @returns `undefined` for one that selects nothing, or that is written in a way not known here.
 */
export function parseSelector(written: Fields | string | undefined): Selector | undefined {
  if (written === undefined || written === "") return undefined;
  const terms = typeof written === "string" ? parseText(written) : parseObject(written);
  if (terms === undefined || terms.length === 0) return undefined;
  const equal = terms.flatMap((term) =>
    term.operator === "In" && term.values.length === 1
      ? [[term.key, term.values[0] ?? ""] as const]
      : [],
  );
  return {
    text: JSON.stringify(terms),
    equal,
    matches: (labels) => terms.every((term) => holds(term, labels)),
  };
}

/** What `selector` selects and `other` does not. */
export function without(selector: Selector, other: Selector | undefined): Selector {
  if (other === undefined) return selector;
  return {
    text: `${selector.text} without ${other.text}`,
    equal: selector.equal,
    matches: (labels) => selector.matches(labels) && !other.matches(labels),
  };
}

interface Term {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function holds({ key, operator, values }: Term, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    default:
      return value === undefined;
  }
}

const OPERATORS = new Set(["In", "NotIn", "Exists", "DoesNotExist"]);

function parseObject(selector: Fields): readonly Term[] | undefined {
  const { matchLabels, matchExpressions } = selector;
  const plain = matchLabels === undefined && matchExpressions === undefined;
  const labels = plain ? selector : isFields(matchLabels) ? matchLabels : {};
  const terms: Term[] = Object.entries(labels).map(([key, value]) => equalTo(key, String(value)));
  for (const one of objectsIn(selector, "matchExpressions")) {
    const { values } = one;
    const operator = textIn(one, "operator") ?? "";
    if (!OPERATORS.has(operator)) return undefined;
    terms.push({
      key: textIn(one, "key") ?? "",
      operator,
      values: Array.isArray(values) ? values.map(String) : [],
    });
  }
  return terms;
}

/** `app=mail,tier in (a,b),!canary` */
function parseText(text: string): readonly Term[] | undefined {
  const terms: Term[] = [];
  for (const part of text.split(/,(?![^(]*\))/)) {
    const term = parsePart(part.trim());
    if (term === undefined) return undefined;
    terms.push(term);
  }
  return terms;
}

function parsePart(part: string): Term | undefined {
  const set = /^(\S+) (in|notin) \(([^)]*)\)$/.exec(part);
  if (set !== null) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    return { key: set[1] ?? "", operator: set[2] === "in" ? "In" : "NotIn", values };
  }
  const compared = /^([^!=\s]+)\s*(==?|!=)\s*(\S*)$/.exec(part);
  if (compared !== null) {
    const [, key = "", sign, value = ""] = compared;
    return sign === "!=" ? { key, operator: "NotIn", values: [value] } : equalTo(key, value);
  }
  if (/^![^!=\s]+$/.test(part)) return { key: part.slice(1), operator: "DoesNotExist", values: [] };
  return /^[^!=\s]+$/.test(part) ? { key: part, operator: "Exists", values: [] } : undefined;
}

function equalTo(key: string, value: string): Term {
  return { key, operator: "In", values: [value] };
}
