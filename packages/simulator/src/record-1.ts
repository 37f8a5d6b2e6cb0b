type Json = Readonly<Record<string, unknown>>;

/** The names that version 1 used: in observed data, in a decision, and in a limit. */
const NAMES: Readonly<Record<string, string>> = {
  asked: "pending",
  wish: "desired",
  grant: "granted",
  ask: "requested",
};
const LIMIT_NAMES: Readonly<Record<string, string>> = {
  for: "preemptedBy",
  resource: "limitingResource",
};

/** Renames the fields of one task in one turn of a version 1 record. Version 2 differs only in names. */
export function fromVersion1(change: Json): Json {
  const { limits, ...rest } = renamed(change, NAMES);
  if (!Array.isArray(limits)) return rest;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as it was written
  return { ...rest, limits: (limits as Json[]).map((limit) => renamed(limit, LIMIT_NAMES)) };
}

function renamed(json: Json, names: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(Object.entries(json).map(([key, value]) => [names[key] ?? key, value]));
}
