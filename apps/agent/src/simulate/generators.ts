import { parseDuration } from "@microscaling/core";
import { flash, mmpp, onOff, ramp, sine, step, type Rate } from "@microscaling/simulator";
import type { Document } from "../config/document.ts";
import { required, type Checked, type Fields } from "../config/field.ts";
import { checkFields, refuseOthers } from "../config/fields.ts";
import { valueAt, type Path } from "../config/places.ts";
import { duration, notNegative, text } from "../config/shape.ts";
import { either } from "../config/words.ts";
import { partOf, percent } from "./load-fields.ts";

/** A rate for each seed. */
type RateOfSeed = (seed: number) => Rate;

type Reader = (document: Document, path: Path) => RateOfSeed | undefined;

const use = required(() => text("the name of a generator"));
/** Seconds and rates of a shape are read from these. */
const moment = required(() => duration(0));
const span = required(() => duration(1000));
const jobs = required(notNegative);

const GENERATORS: Readonly<Record<string, Reader>> = {
  step: generator(
    { use, length: span, low: jobs, high: jobs, from: moment, to: moment },
    ({ length, low, high, from, to }) =>
      step({ seconds: whole(length), low, high, from: seconds(from), to: seconds(to) }),
    ["from", "to"],
  ),
  ramp: generator(
    { use, length: span, low: jobs, high: jobs, from: moment, top: span, fall: span },
    ({ length, low, high, from, top, fall }) =>
      ramp({
        seconds: whole(length),
        low,
        high,
        from: seconds(from),
        top: seconds(top),
        fall: seconds(fall),
      }),
    ["from", "top", "fall"],
  ),
  sine: generator(
    { use, length: span, mean: jobs, amplitude: required(() => percent(false)), period: span },
    ({ length, mean, amplitude, period }) =>
      sine({
        seconds: whole(length),
        mean,
        amplitude: partOf(amplitude),
        period: seconds(period),
      }),
  ),
  flash: generator(
    { use, length: span, base: jobs, extra: jobs, at: moment, rise: span, hold: span, decay: span },
    ({ length, base, extra, at, rise, hold, decay }) =>
      flash({
        seconds: whole(length),
        base,
        extra,
        at: seconds(at),
        rise: seconds(rise),
        hold: seconds(hold),
        decay: seconds(decay),
      }),
    ["at", "hold"],
  ),
  mmpp: generator(
    { use, length: span, quiet: jobs, busy: jobs, quietFor: span, busyFor: span },
    ({ length, quiet, busy, quietFor, busyFor }, seed) => {
      const held = { quietSeconds: seconds(quietFor), busySeconds: seconds(busyFor) };
      return mmpp({ seconds: whole(length), quiet, busy, ...held }, seed);
    },
  ),
  "on-off": generator({ use, length: span, jobs, period: span }, ({ length, jobs: each, period }) =>
    onOff({ seconds: whole(length), jobs: each, period: whole(period) }),
  ),
};

/** The words that `arrivals: { use }` takes. */
const WORDS = Object.keys(GENERATORS);

/** Checks `arrivals: { use }`; mistakes are collected in the document. */
export function readGenerator(document: Document, path: Path): RateOfSeed | undefined {
  const word = valueAt(document.value, [...path, "use"]);
  const reader =
    typeof word === "string" && Object.hasOwn(GENERATORS, word) ? GENERATORS[word] : undefined;
  if (reader !== undefined) return reader(document, path);
  document.mistakes.expected([...path, "use"], either(WORDS), WORDS);
  return undefined;
}

/** @param ascending keys of times that come one after the other */
function generator<F extends Fields>(
  fields: F,
  make: (values: Required<Checked<F>>, seed: number) => Rate,
  ascending: readonly (keyof F & string)[] = [],
): Reader {
  return (document, path) => {
    const values = checkFields(document, path, fields);
    refuseOthers(document, path, fields);
    for (const [i, key] of ascending.entries()) {
      const [before, value] = [ascending[i - 1], values[key]];
      if (before === undefined || typeof value !== "string") continue;
      const earlier = values[before];
      if (typeof earlier === "string" && seconds(value) <= seconds(earlier))
        document.mistakes.expected([...path, key], `a time after ${before}, which is ${earlier}`);
    }
    return isComplete(values, fields) ? (seed) => make(values, seed) : undefined;
  };
}

function isComplete<F extends Fields>(
  values: Checked<F>,
  fields: F,
): values is Required<Checked<F>> {
  return Object.keys(fields).every((key) => Object.hasOwn(values, key));
}

function seconds(written: string): number {
  return (parseDuration(written) ?? 0) / 1000;
}

/** A rate is by the second. */
function whole(written: string): number {
  return Math.max(1, Math.round(seconds(written)));
}
