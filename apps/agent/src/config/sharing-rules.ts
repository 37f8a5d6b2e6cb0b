import { INSTANCES } from "@microscaling/core";
import { valueAt, type Path } from "./places.ts";
import type { Case } from "./rules.ts";
import { didYouMean } from "./words.ts";

type Rule = (around: Case) => void;

/** Settings that `share: ordered` does not allow, because there the order of the config decides. */
const orderedHasNoParts: Rule = ({ document, draft: { root, tasks } }) => {
  if (root.share !== "ordered") return;
  const refuse = (path: Path): void => document.mistakes.add(path, "works only with share: fair");
  if (root.groups !== undefined) refuse(["groups"]);
  if (root.sharing !== undefined) refuse(["sharing"]);
  for (const { path, fields } of tasks)
    if (fields.weight !== undefined) refuse([...path, "weight"]);
};

const groupsAreInCapacity: Rule = ({ document, draft: { root }, capacity }) => {
  if (root.capacity === undefined) return;
  const names = Object.keys(capacity);
  for (const [group, amounts] of Object.entries(root.groups ?? {}))
    for (const name of Object.keys(amounts))
      if (!Object.hasOwn(capacity, name))
        document.mistakes.add(
          ["groups", group, name],
          `is not a resource of the capacity${didYouMean(name, names)}`,
        );
};

const groupsExist: Rule = ({ document, draft: { root, tasks } }) => {
  const isWrong = root.groups === undefined && valueAt(document.value, ["groups"]) !== undefined;
  if (isWrong) return;
  const groups = Object.keys(root.groups ?? {});
  for (const { path, fields } of tasks)
    if (fields.group !== undefined && !groups.includes(fields.group))
      document.mistakes.expected([...path, "group"], "the name of a group under groups", groups);
  for (const group of groups)
    if (!tasks.some(({ fields }) => fields.group === group))
      document.warnings.push(`groups.${group}: no task is in this group`);
};

/** The config can leave only amounts to the scheduler that the scheduler can report. */
const schedulerSaysCapacity: Rule = ({ document, draft: { root, scheduler } }) => {
  const plugin = scheduler?.plugin;
  if (plugin === undefined || plugin.capabilities.capacity) return;
  for (const [name, amount] of Object.entries(root.capacity ?? {}))
    if (amount === Number.POSITIVE_INFINITY)
      document.mistakes.add(
        ["capacity", name],
        `expected an amount because the scheduler ${plugin.name} does not report its capacity; docker and kubernetes do`,
      );
};

/** A measured resource needs a task that uses it. `instances` is only a number, so it needs none. */
const measuredIsUsed: Rule = ({ document, draft: { root, tasks } }) => {
  for (const [name, amount] of Object.entries(root.capacity ?? {}))
    if (
      amount === Number.POSITIVE_INFINITY &&
      name !== INSTANCES &&
      !tasks.some(({ fields }) => Object.hasOwn(fields.uses ?? {}, name))
    )
      document.warnings.push(`capacity.${name}: no task has ${name} under uses`);
};

const RULES: readonly Rule[] = [
  orderedHasNoParts,
  groupsAreInCapacity,
  groupsExist,
  schedulerSaysCapacity,
  measuredIsUsed,
];

/** Checks how all tasks share the capacity. Adds mistakes and warnings to the document. */
export function applySharingRules(around: Case): void {
  for (const rule of RULES) rule(around);
}
