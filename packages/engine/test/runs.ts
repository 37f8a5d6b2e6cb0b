/** Under `npm run mutation` each property tries so many times fewer cases: a mutant that lives there meets them all, thousands of times over. */
const FEWER = process.env["MICROSCALING_MUTATION"] === undefined ? 1 : 20;

/** How many cases a property tries. */
export function runs(cases: number): { readonly numRuns: number } {
  return { numRuns: Math.ceil(cases / FEWER) };
}
