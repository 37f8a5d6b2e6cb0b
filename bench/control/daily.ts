import { rateOf, seeded, type Rate } from "@microscaling/simulator";

const DAY = 86_400;
const HOUR = 3600;
const DAYS = 3;

/** Levels as fractions of c, by the second of the day. Between two of them, the level changes in a straight line. */
const LEVELS: readonly (readonly [second: number, part: number])[] = [
  [0, 0.1],
  [8 * HOUR, 0.1],
  [8 * HOUR + 60, 0.45],
  [12 * HOUR, 0.45],
  [12 * HOUR + 600, 0.3],
  [13 * HOUR, 0.3],
  [13 * HOUR + 60, 0.55],
  [18 * HOUR, 0.55],
  [18 * HOUR + 1800, 0.2],
  [22 * HOUR, 0.2],
  [23 * HOUR, 0.1],
  [DAY, 0.1],
];

/** What is scheduled for every full hour of these: so much more, as a part of c, up within the rise and level until it is over, in seconds. */
const SURGES = { hours: [9, 10, 11, 14, 15, 16, 17], part: 0.4, rise: 30, lasts: 300 };
/** Days differ: the largest relative difference of levels and of surges, and the longest delay of a surge in seconds. */
const UNLIKE = { level: 0.1, surge: 0.2, lateSeconds: 20 };

/** Three days of an office: up within a minute in the morning and after lunch, and a surge at each full hour between. */
export function daily(c: number, seed: number): Rate {
  const draw = seeded(seed, "daily");
  const around = (spread: number): number => 1 + spread * (2 * draw() - 1);
  const days = Array.from({ length: DAYS }, () => ({
    scale: around(UNLIKE.level),
    surges: SURGES.hours.map((hour) => ({
      from: hour * HOUR + UNLIKE.lateSeconds * draw(),
      part: SURGES.part * around(UNLIKE.surge),
    })),
  }));
  return rateOf(DAYS * DAY, (t) => {
    const { scale, surges } = days[Math.floor(t / DAY)]!;
    const second = t % DAY;
    const extra = surges.reduce((sum, { from, part }) => sum + part * surgeAt(second - from), 0);
    return c * (scale * levelAt(second) + extra);
  });
}

function levelAt(second: number): number {
  const next = LEVELS.findIndex(([from]) => from > second);
  const [from, low] = LEVELS[next - 1]!;
  const [to, high] = LEVELS[next]!;
  return low + ((high - low) * (second - from)) / (to - from);
}

/** The level of a surge in [0, 1], this many seconds after it began. */
function surgeAt(after: number): number {
  if (after < 0 || after > SURGES.lasts) return 0;
  return Math.min(1, after / SURGES.rise);
}
