import { createReadStream } from "node:fs";
import { MicroscalingError } from "@microscaling/core";
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Node,
} from "yaml";
import { countMistakes, createDocument, keepSecret, type Document } from "./document.ts";
import type { Path, Place, Source } from "./places.ts";
import { resolveReferences } from "./references.ts";
import { isSecretPath } from "./secrets.ts";

/** A config file may be this large, in bytes. */
const LARGEST = 10_000_000;
/** The largest number of values that aliases may expand to. */
const MOST_ALIASED = 10_000;
/** How deep maps and lists may be nested. */
const DEEPEST = 50;
/** The largest number of reported syntax mistakes, because one mistake can cause many. */
const MOST_SYNTAX = 20;

/**
 * Reads a config file, never more than 10 MB of it.
 * @throws MicroscalingError `ERR_CONFIG_UNREADABLE`, or `ERR_CONFIG_INVALID` when it is not text.
 */
export async function readConfigFile(file: string, name: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    // Limited while reading, because a pipe or a device does not report its size.
    for await (const part of createReadStream(file, { end: LARGEST })) {
      const chunk: Buffer = part;
      chunks.push(chunk);
      size += chunk.length;
    }
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new MicroscalingError("ERR_CONFIG_UNREADABLE", `cannot read ${name}: ${words}`, {
      cause,
    });
  }
  if (size > LARGEST) {
    const text = `${name} is larger than 10 MB, so it was not read; a config of 10,000 tasks has 2 MB`;
    throw new MicroscalingError("ERR_CONFIG_UNREADABLE", text);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    const text = `${name} is not UTF-8 text`;
    throw new MicroscalingError("ERR_CONFIG_INVALID", text, { cause });
  }
}

/** The input of `parseConfig`. */
export interface ParseRequest {
  readonly text: string;
  /** For people: `microscaling.yaml`. */
  readonly name: string;
  /** The variables for `${NAME}`; if absent, `${` is ordinary text. */
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Reads YAML or JSON into plain values, with the place of each.
 * @throws MicroscalingError `ERR_CONFIG_INVALID` if the syntax is wrong or aliases expand without end.
 */
export function parseConfig(request: ParseRequest): Document {
  const { name } = request;
  const lines = new LineCounter();
  const source: Source = {
    locate(offset) {
      const { line, col } = lines.linePos(offset);
      return `${name}:${line}:${col}`;
    },
  };
  const contents = parseSyntax(request, lines, source);
  const converted = convert(contents, source, request.env);
  const document = createDocument(name, converted.value, { source, key: 0, value: 0 });
  for (const [holder, key, place] of converted.places) document.places.set(holder, key, place);
  for (const secret of converted.secrets) keepSecret(document.secrets, secret);
  for (const { path, text } of converted.mistakes) document.mistakes.add(path, text);
  for (const { path, text } of converted.badKeys) document.mistakes.key(path, text);
  return document;
}

function parseSyntax(
  { text, name }: ParseRequest,
  lines: LineCounter,
  source: Source,
): Node | null {
  const parsed = (() => {
    try {
      // Duplicate keys are found below: the library's own check is quadratic.
      return parseDocument(text, {
        lineCounter: lines,
        prettyErrors: false,
        uniqueKeys: false,
        stringKeys: true,
        resolveKnownTags: false,
      });
    } catch (cause) {
      const words = cause instanceof Error ? cause.message : String(cause);
      throw new MicroscalingError("ERR_CONFIG_INVALID", `${name} cannot be parsed: ${words}`);
    }
  })();
  const problems = [...parsed.errors, ...parsed.warnings];
  if (problems.length === 0) return parsed.contents;
  const details = problems
    .slice(0, MOST_SYNTAX)
    .map(({ pos, message }) => `${source.locate(pos[0])} ${message}`);
  if (problems.length > MOST_SYNTAX) details.push(`and ${problems.length - MOST_SYNTAX} more`);
  throw new MicroscalingError("ERR_CONFIG_INVALID", countMistakes(name, problems.length), {
    details,
  });
}

/** A value and its origin. */
type Visited = readonly [value: unknown, origin?: Pick<Place, "from" | "isSecret">];

interface Converted {
  readonly value: unknown;
  readonly places: (readonly [object, string | number, Place])[];
  readonly secrets: string[];
  readonly mistakes: { readonly path: Path; readonly text: string }[];
  readonly badKeys: { readonly path: Path; readonly text: string }[];
}

function convert(
  contents: Node | null,
  source: Source,
  env: NodeJS.ProcessEnv | undefined,
): Converted {
  const places: Converted["places"] = [];
  const secrets: string[] = [];
  const mistakes: Converted["mistakes"] = [];
  const badKeys: Converted["badKeys"] = [];
  const anchors = new Map<string, Node>();
  const open = new Set<Node>();
  let aliased = 0;
  const refuse = (node: Node, text: string): never => {
    const where = source.locate(startOf(node));
    throw new MicroscalingError("ERR_CONFIG_INVALID", `${where} ${text}`);
  };

  const visit = (node: Node | null, path: Path, inAlias: boolean): Visited => {
    if (node === null) return [null];
    if (inAlias && ++aliased > MOST_ALIASED)
      refuse(node, `aliases expand to more than ${MOST_ALIASED} values`);
    if (path.length > DEEPEST) refuse(node, `maps and lists are nested more than ${DEEPEST} deep`);
    if (isAlias(node)) {
      const target = anchors.get(node.source);
      if (target === undefined) return refuse(node, `there is no anchor &${node.source} before it`);
      if (open.has(target)) return refuse(node, `the alias *${node.source} contains itself`);
      return visit(target, path, true);
    }
    if (isScalar(node)) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
      return visitScalar(node.value, path);
    }
    if ("anchor" in node && typeof node.anchor === "string") anchors.set(node.anchor, node);
    open.add(node);
    const value = isSeq(node)
      ? visitList(node.items, path, inAlias)
      : visitMap(node, path, inAlias);
    open.delete(node);
    return [value];
  };

  const visitScalar = (value: unknown, path: Path): Visited => {
    if (typeof value !== "string" || env === undefined) return [value];
    const resolved = resolveReferences(value, env);
    const isSecret = isSecretPath(path);
    const hidden = isSecret ? [resolved.text, ...resolved.values] : resolved.secrets;
    secrets.push(...hidden);
    const [mistake] = resolved.mistakes;
    if (mistake !== undefined) mistakes.push({ path, text: resolved.mistakes.join("; ") });
    const from = resolved.from === undefined ? {} : { from: resolved.from };
    return [resolved.text, hidden.length === 0 ? from : { ...from, isSecret: true }];
  };

  const visitList = (items: unknown[], path: Path, inAlias: boolean): unknown[] => {
    const list: unknown[] = [];
    for (const [index, item] of items.entries()) {
      const node = isNode(item) ? item : null;
      const [value, origin] = visit(node, [...path, index], inAlias);
      list.push(value);
      const start = startOf(node);
      places.push([list, index, { source, key: start, value: start, ...origin }]);
    }
    return list;
  };

  const visitMap = (node: Node, path: Path, inAlias: boolean): unknown => {
    const map: Record<string, unknown> = {};
    if (!isMap(node)) return map;
    for (const pair of node.items) {
      const keyNode = isScalar<string>(pair.key) ? pair.key : null;
      const key = keyNode?.value ?? "";
      const inside = [...path, key];
      const start = startOf(keyNode);
      const isProto = key === "__proto__";
      if (isProto || Object.hasOwn(map, key)) {
        const what = isProto ? "cannot be a key" : "occurs twice";
        badKeys.push({ path: inside, text: `${JSON.stringify(key)} ${what}` });
      }
      const valueNode = isNode(pair.value) ? pair.value : null;
      const [value, origin] = isProto ? [undefined] : visit(valueNode, inside, inAlias);
      if (!isProto) map[key] = value;
      const place = { source, key: start, value: valueNode?.range?.[0] ?? start, ...origin };
      places.push([map, key, place]);
    }
    return map;
  };

  return { value: visit(contents, [], false)[0], places, secrets, mistakes, badKeys };
}

function startOf(node: Node | null): number {
  return node?.range?.[0] ?? 0;
}
