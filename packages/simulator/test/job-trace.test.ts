import { expect, it } from "vitest";
import { jobsOfTrace, readHeader, readJobs } from "../src/job-trace.ts";

const TRACE = "offset_s,tokens,who\n100.5,10,a\n100,20,b\n120,0,c\n";

it("has every job at its time from the first, in order, whatever the seed", () => {
  const trace = readJobs(TRACE, "jobs.csv", []);
  const service = { meanSeconds: 1, shape: "exponential" } as const;
  const [one, other] = [1, 2].map((seed) => jobsOfTrace(trace, service, seed));
  expect([...one!.at]).toEqual([0, 0.5, 20]);
  expect(other!.at).toEqual(one!.at);
  expect(other!.work).not.toEqual(one!.work);
  expect(one!.seconds).toBe(21);
});

it("makes service times of columns", () => {
  const trace = readJobs(TRACE, "jobs.csv", ["tokens"]);
  const jobs = jobsOfTrace(trace, { baseSeconds: 0.1, secondsPer: { tokens: 0.02 } }, 1);
  expect([...jobs.work].map((work) => Math.round(1000 * work))).toEqual([500, 300, 100]);
});

it("takes the rate of ten seconds at a time, of the last ones by their length", () => {
  const { rate } = jobsOfTrace(
    readJobs(TRACE, "jobs.csv", []),
    { baseSeconds: 1, secondsPer: {} },
    1,
  );
  expect([rate[0], rate[9], rate[10], rate[20]]).toEqual([0.2, 0.2, 0, 1]);
});

it("tells the columns, and names the one that is not there or not a number", () => {
  expect(readHeader("\uFEFFoffset_s, count\n0,1\n")).toEqual(["offset_s", "count"]);
  expect(readHeader("")).toEqual([]);
  expect(() => readJobs(TRACE, "jobs.csv", ["words"])).toThrow(
    "jobs.csv:1: expected a column words, found offset_s, tokens, who",
  );
  expect(() => readJobs(TRACE, "jobs.csv", ["who"])).toThrow(
    'jobs.csv:2: expected who to be a number from 0, found "a"',
  );
  expect(() => readJobs("offset_s\n", "jobs.csv", [])).toThrow("at least one job");
});
