import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";

/** A table for people: plain columns, without borders. */
export interface TableText {
  readonly head: readonly string[];
  /** Each row has as many cells as `head`. The last column takes the remaining width. */
  readonly rows: readonly (readonly string[])[];
  /** The columns of the terminal. Without it, nothing is cut or wrapped. */
  readonly width?: number;
  /** How to show a last cell that is too long. */
  readonly overflow: "cut" | "wrap";
}

const GAP = 2;
/** The narrowest readable last column. If there is less room, it extends over the edge. */
const NARROWEST = 16;

/** Lays out `table`; lines end without spaces. */
export function formatTable({ head, rows, width, overflow }: TableText): string {
  const last = width === undefined ? null : Math.max(NARROWEST, width - widthBefore(head, rows));
  const table = new Table({
    head: [...head],
    chars: Object.fromEntries(BORDERS.map((border) => [border, ""])),
    style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
    colWidths: head.map((_, column) => (column === head.length - 1 ? last : null)),
    wordWrap: overflow === "wrap",
  });
  table.push(...rows.map((row) => [...row]));
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

const BORDERS =
  "top top-mid top-left top-right bottom bottom-mid bottom-left bottom-right left left-mid mid mid-mid right right-mid middle".split(
    " ",
  );

/** Columns taken by all but the last one. */
function widthBefore(head: readonly string[], rows: readonly (readonly string[])[]): number {
  return head.slice(0, -1).reduce((sum, title, column) => {
    const cells = rows.map((row) => stripVTControlCharacters(row[column] ?? "").length);
    return sum + Math.max(title.length, ...cells) + GAP;
  }, 0);
}
