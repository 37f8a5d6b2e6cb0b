import { simulate } from "./simulate.ts";
const [from, to, minutes, verbose] = process.argv.slice(2).map(Number);
const t0 = performance.now();
let events = 0, bad = 0;
const by = new Map<string, number[]>();
for (let seed = from!; seed < to!; seed++) {
  const lines: string[] = [];
  let o;
  try { o = simulate(seed, minutes!, {}, verbose ? (at, w) => { lines.push(`${at.toFixed(1)} ${w}`); if (lines.length > 4000) lines.splice(0, 2000); } : undefined); }
  catch (e) { console.log(seed, e); bad++; continue; }
  events += o.events;
  if (o.violation) {
    bad++;
    const key = o.violation.invariant + ": " + o.violation.message.split("\n").slice(0, 3).join(" | ").replace(/agent-\d+|#\d+|\b\d+(\.\d+)?\b|\b[a-f]\b/g, "_");
    by.set(key, [...(by.get(key) ?? []), seed]);
    if (verbose) console.log(lines.slice(-verbose).join("\n"), "\n", o.violation, o.plan);
  }
}
for (const [k, v] of [...by].sort((a, b) => b[1].length - a[1].length)) console.log(v.length, k, v.slice(0, 6).join(","));
console.log(bad, "bad", events, "events", ((performance.now() - t0) / 1000).toFixed(1), "s");
