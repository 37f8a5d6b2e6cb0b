import { inspect } from "node:util";
import { isMicroscalingError, MicroscalingError, type ErrorCode } from "@microscaling/core";
import { createPlaces, formatPath, valueAt, type Path, type Place, type Places } from "./places.ts";
import { isHiddenPath } from "./secrets.ts";
import { describeValue, didYouMean } from "./words.ts";

/** Values shorter than this do not count as secrets, because hiding every `1` would make logs unreadable. */
const SHORTEST_SECRET = 4;

/** A config while it is checked: plain values, the place of each, and the mistakes so far. */
export interface Document {
  /** The name for people, such as `microscaling.yaml`. */
  readonly name: string;
  readonly value: unknown;
  readonly places: Places;
  readonly mistakes: Mistakes;
  readonly warnings: string[];
  readonly secrets: Set<string>;
  /** Whether only the original engine's variables were given. Then its rules apply. */
  readonly asOriginal: boolean;
}

/** Collects mistakes, so that all of them are reported together. */
export interface Mistakes {
  /** Something is wrong with the value at `path`. Only the first mistake at a path counts. */
  add(path: Path, text: string): void;
  /** The same for the key itself. Reports the place of the key. */
  key(path: Path, text: string): void;
  /** `expected …, found …`. With a list of valid words, also suggests the most similar one. */
  expected(path: Path, expectation: string, words?: readonly string[]): void;
  /** The map at `path` has an unknown key. @param elsewhere where the key belongs, if that is known */
  unknownKey(path: Path, key: string, known: readonly string[], elsewhere?: string): void;
  /** A plugin cannot be loaded. Separate, because a single such error is thrown unchanged. */
  plugin(path: Path, error: MicroscalingError): void;
  /** @throws MicroscalingError if there is any mistake. */
  assertNone(): void;
}

/**
 * @param whole the place of the document itself.
 * @param asOriginal only the original engine's variables were given
 */
export function createDocument(
  name: string,
  value: unknown,
  whole: Place,
  asOriginal = false,
): Document {
  const places = createPlaces(whole);
  const secrets = new Set<string>();
  const mistakes = createMistakes({ name, value, places });
  return { name, value, places, mistakes, warnings: [], secrets, asOriginal };
}

/** Describes the value at `path` for a mistake. Never shows a secret. */
export function foundText(document: Pick<Document, "value" | "places">, path: Path): string {
  const { value: root, places } = document;
  const value = valueAt(root, path) ?? undefined;
  if (value === undefined) return describeValue(value);
  const { from } = places.find(root, path);
  if (isHidden(document, path))
    return from === undefined ? "a hidden value" : `a value from ${from}`;
  return from === undefined ? describeValue(value) : `${describeValue(value)} from ${from}`;
}

function isHidden({ value, places }: Pick<Document, "value" | "places">, path: Path): boolean {
  return places.find(value, path).isSecret === true || isHiddenPath(path);
}

/** Makes sure that `value` is not shown anywhere. */
export function keepSecret(secrets: Set<string>, value: string): void {
  if (value.length >= SHORTEST_SECRET) secrets.add(value);
}

interface Line {
  readonly order: number;
  readonly text: string;
}

function createMistakes(document: Pick<Document, "name" | "value" | "places">): Mistakes {
  const { value: root, places } = document;
  const lines: Line[] = [];
  const seen = new Set<string>();
  const faults: MicroscalingError[] = [];

  const push = (path: Path, text: string, place: Place, offset: number): void => {
    const written = formatPath(path);
    if (seen.has(written)) return;
    seen.add(written);
    const start = written === "" ? "" : `${written}: `;
    const line = `${place.source.locate(offset)} ${start}${text}`;
    lines.push({ order: offset, text: line });
  };
  const add = (path: Path, text: string): void => {
    const place = places.find(root, path);
    push(path, text, place, place.value);
  };

  const key = (path: Path, text: string): void => {
    const place = places.find(root, path);
    push(path, text, place, place.key);
  };

  return {
    add,
    key,
    expected(path, expectation, words = []) {
      const value = valueAt(root, path);
      const isShown = typeof value === "string" && !isHidden(document, path);
      const hint = isShown ? didYouMean(value, words) : "";
      add(path, `expected ${expectation}, found ${foundText(document, path)}${hint}`);
    },
    unknownKey(path, name, known, elsewhere) {
      const hint = elsewhere === undefined ? didYouMean(name, known) : `; ${elsewhere}`;
      key([...path, name], `unknown key${hint}`);
    },
    plugin(path, error) {
      const place = places.find(root, path);
      const where = `${place.source.locate(place.value)} ${formatPath(path)}`;
      faults.push(withPlace(where, error));
      add(path, [error.message, ...error.details].join("; "));
    },
    assertNone() {
      if (lines.length === 0) return;
      const [fault] = faults;
      if (fault !== undefined && faults.length === lines.length && faults.length === 1) throw fault;
      const code: ErrorCode =
        fault !== undefined && faults.length === lines.length ? fault.code : "ERR_CONFIG_INVALID";
      const details = lines.toSorted((a, b) => a.order - b.order).map((line) => line.text);
      throw new MicroscalingError(code, countMistakes(document.name, details.length), { details });
    },
  };
}

/** `microscaling.yaml has 3 mistakes`. */
export function countMistakes(name: string, count: number): string {
  return `${name} has ${count === 1 ? "a mistake" : `${count} mistakes`}`;
}

function withPlace(where: string, error: MicroscalingError): MicroscalingError {
  return new MicroscalingError(error.code, `${where}: ${error.message}`, {
    details: error.details,
    ...(error.cause === undefined ? {} : { cause: error.cause }),
  });
}

/** The same error without secrets. A plugin's message may quote its input. */
export function hideSecrets(error: unknown, secrets: ReadonlySet<string>): unknown {
  if (!isMicroscalingError(error) || secrets.size === 0) return error;
  const longestFirst = [...secrets].toSorted((a, b) => b.length - a.length);
  const hide = (text: string): string =>
    longestFirst.reduce((shown, secret) => shown.replaceAll(secret, "[redacted]"), text);
  const { cause } = error;
  const isSafe = cause === undefined || hide(inspect(cause)) === inspect(cause);
  return new MicroscalingError(error.code, hide(error.message), {
    details: error.details.map(hide),
    ...(isSafe ? { cause } : {}),
  });
}
