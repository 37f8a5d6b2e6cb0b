/** A path in a config: keys of maps and indexes of lists. */
export type Path = readonly (string | number)[];

/** The origin of text: a file or a variable. */
export interface Source {
  /** For people: `microscaling.yaml:12:5`, or just `MSS_KP`. */
  locate(offset: number): string;
}

/** Where one value of a config was written. */
export interface Place {
  readonly source: Source;
  /** Offsets in the source's text. */
  readonly key: number;
  readonly value: number;
  /** The variables whose values this value contains: `${HOST} and ${PORT}`. */
  readonly from?: string;
  /** The value must not be shown. */
  readonly isSecret?: boolean;
}

/** Remembers where the values of a config were written. The plain maps and lists do not contain that. */
export interface Places {
  set(holder: object, key: string | number, place: Place): void;
  /** The place of the value at `path` in `root`; the place of the nearest outer value if there is no value there. */
  find(root: unknown, path: Path): Place;
}

/** @param whole the place of the config itself, for values without a nearer place. */
export function createPlaces(whole: Place): Places {
  const known = new WeakMap<object, Map<string | number, Place>>();
  return {
    set(holder, key, place) {
      const places = known.get(holder) ?? new Map<string | number, Place>();
      known.set(holder, places.set(key, place));
    },
    find(root, path) {
      let place = whole;
      let holder = root;
      for (const key of path) {
        if (typeof holder !== "object" || holder === null) break;
        const next = known.get(holder)?.get(key);
        if (next === undefined) break;
        place = next;
        holder = valueAt(holder, [key]);
      }
      return place;
    },
  };
}

/** The value at `path`, or `undefined`. Never looks at inherited properties. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}

/** Whether `value` is a map, and not a list, a text, a number or empty. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Formats a path for people: `tasks.consumer.workload.command[0]`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const key of path) {
    if (typeof key === "number") text += `[${key}]`;
    else if (!/^[\w-]+$/.test(key)) text += `[${JSON.stringify(key)}]`;
    else text += text === "" ? key : `.${key}`;
  }
  return text;
}
