import { asFigures, atMost, isRival, OURS, reported, type Bar } from "./bar.ts";
import { dominates, isBetter, type Cell } from "./summary.ts";

/**
 * In how many cells a rival has fewer late jobs, is paid less for and changes no more often; and in how many it has fewer late and is
 * paid less for, whatever its changes. The oracle knows the future, so it does not count.
 */
export function dominanceBars(cells: readonly Cell[]): Bar[] {
  const better = pairsOf(cells, isBetter);
  const dominating = pairsOf(cells, dominates);
  return [
    atMost("rivals that dominate, in all cells", dominating.length, "", 0, {
      beside: asPairs(dominating),
    }),
    reported("rivals with fewer late and less paid", better.length, "", asPairs(better)),
  ];
}

type Pair = readonly [ours: Cell, rival: Cell];

/** The pairs of our cell and a rival's on the same plant and load. */
function pairsOf(cells: readonly Cell[], beats: (rival: Cell, ours: Cell) => boolean): Pair[] {
  const rows = Map.groupBy(cells, ({ plant, workload }) => `${plant} ${workload}`);
  return [...rows.values()].flatMap((row) => {
    const ours = row.find(({ controller }) => controller === OURS);
    if (ours === undefined) return [];
    return row
      .filter((rival) => isRival(rival.controller) && beats(rival, ours))
      .map((rival) => [ours, rival] as const);
  });
}

function asPairs(pairs: readonly Pair[]): string {
  return pairs
    .map(([ours, rival]) => {
      const where = `${rival.controller} on ${ours.workload} ${ours.plant}`;
      return `${where}: ${asFigures(rival)} against ${asFigures(ours)}`;
    })
    .join("; ");
}
