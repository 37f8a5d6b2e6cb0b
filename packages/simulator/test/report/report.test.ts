import { parse } from "csv-parse/sync";
import { describe, expect, it } from "vitest";
import { chartsOf } from "../../src/report/charts.ts";
import { reportCsv } from "../../src/report/csv.ts";
import { reportHtml } from "../../src/report/html.ts";
import { reportJson } from "../../src/report/json.ts";
import { sampleReport } from "./sample.ts";

describe("reportCsv", () => {
  it("has a line for each task and second, and nothing for what is not known", () => {
    const rows: Record<string, string>[] = parse(reportCsv(sampleReport()), { columns: true });
    expect(rows).toHaveLength(20);
    expect(rows[0]).toEqual({
      config: "microscaling.yaml",
      task: "consumer",
      second: "0",
      arrivals: "2",
      waiting: "0",
      longest_wait_s: "0",
      expected_wait_s: "",
      demand: "1",
      ordered: "1",
      running: "1",
    });
    expect(rows[3]).toMatchObject({ second: "3", expected_wait_s: "1.5" });
    expect(rows[13]).toMatchObject({ task: "batch", arrivals: "", waiting: "", running: "2" });
  });

  it("keeps a name with a comma or a quote whole", () => {
    const rows: Record<string, string>[] = parse(reportCsv(sampleReport('mails, "all"')), {
      columns: true,
    });
    expect(rows[0]).toMatchObject({ task: 'mails, "all"' });
  });
});

describe("chartsOf", () => {
  it("has what is used of each resource that has an end, one line for each task", () => {
    const [config] = chartsOf(sampleReport()).configs;
    expect(config?.capacity.map(({ name, amount }) => [name, amount])).toEqual([
      ["instances", 4],
      ["cpu", 2],
    ]);
    expect(config?.capacity[1]?.used.map((used) => used[5])).toEqual([0.5, 0]);
  });

  it("has few enough points for a long run, and the longest wait among those that one stands for", () => {
    const report = sampleReport("consumer", 4000);
    const task = report.configs[0]!.tasks[0]!;
    task.timeline.oldestWait[2001] = 9;
    const charts = chartsOf(report);
    expect(charts).toMatchObject({ secondsPerPoint: 4 });
    expect(charts.time).toHaveLength(1000);
    expect(charts.configs[0]?.tasks[0]?.longestWait?.[500]).toBe(9);
    expect(charts.configs[0]?.tasks[0]?.expectedWait?.slice(0, 2)).toEqual([1.5, null]);
  });

  it("has no charts of a queue for a task without one", () => {
    const batch = chartsOf(sampleReport()).configs[0]?.tasks[1];
    expect(Object.keys(batch ?? {})).toEqual(["name", "within", "ordered", "running"]);
  });
});

describe("reportHtml", () => {
  const html = reportHtml(sampleReport());

  it("needs nothing from elsewhere", () => {
    expect(html).not.toMatch(/<(?:link|img|iframe|script)[^>]*\s(?:src|href)=/);
    expect(html).not.toMatch(/url\(|@import|fetch\(|XMLHttpRequest/);
    // The only addresses are in comments and namespaces of the library that draws.
    const script = html.slice(html.lastIndexOf("<script>"));
    expect(script).not.toMatch(/https?:/);
    expect(html).toContain("var uPlot=");
  });

  it("has the figures, what was assumed, and the data of the charts", () => {
    expect(html).toContain('<th scope="row">consumer</th><td>3</td>');
    expect(html).toContain("<li>Jobs take &lt;1s&gt; each.</li>");
    const [, json = ""] = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)!;
    expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(chartsOf(sampleReport()))));
  });

  it("lets no name end a script or begin a tag", () => {
    const evil = "</script><img src=x onerror=alert(1)>";
    const made = reportHtml(sampleReport(evil));
    expect(made).not.toContain("<img");
    expect(made.match(/<\/script>/g)).toHaveLength(3);
  });
});

it("has the figures as JSON", () => {
  const made = JSON.parse(reportJson(sampleReport())) as { configs: { tasks: object[] }[] };
  expect(made).toMatchObject({ load: "yesterday.csv", seconds: 10, seeds: [1] });
  expect(made.configs[0]?.tasks[0]).toMatchObject({
    name: "consumer",
    withinSeconds: 2,
    figures: { late: { mean: 0 }, jobs: { mean: 3 } },
  });
});
