// Runs in the report's page and draws the charts from the JSON beside it. Colours come from the style sheet, so that they follow the light or dark mode.
const two = (number) => String(number).padStart(2, "0");
const find = ({ tasks }, name) => tasks.find((task) => task.name === name);
const colour = (name) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const line = (label, stroke, more = {}) => ({
  label,
  stroke: colour(stroke),
  width: 1.5,
  points: { show: false },
  ...more,
});

const axis = (more) => ({
  stroke: colour("faint"),
  grid: { stroke: colour("line"), width: 1 },
  ticks: { stroke: colour("line"), width: 1 },
  ...more,
});

(() => {
  const { time, secondsPerPoint, configs } = JSON.parse(
    document.getElementById("data").textContent,
  );
  const root = document.getElementById("charts");
  root.replaceChildren();
  const sync = uPlot.sync("time");
  const charts = [];
  const HEIGHT = 190;
  const INSTANCES = "instances";

  const stepped = uPlot.paths.stepped({ align: 1 });

  function add(tag, parent, text = "") {
    const element = document.createElement(tag);
    element.textContent = text;
    parent.append(element);
    return element;
  }

  function formatTime(seconds) {
    const s = Math.round(seconds);
    const clock = `${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
    return s < 3600 && time.at(-1) < 3600 ? clock : `${Math.floor(s / 3600)}:${clock}`;
  }

  /** Times at which people would draw a line. */
  const STEPS = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400,
  ];

  /** The largest value of the same quantity in all configs, so that they can be compared by eye. */
  function mostOf(lists) {
    let most = 0;
    for (const list of lists) for (const value of list ?? []) if (value > most) most = value;
    return most;
  }

  /** One chart; `lists` has the values of each of `series`. */
  function draw(parent, { series, lists, top, unit = "", bands }) {
    const figure = add("figure", parent);
    const chart = new uPlot(
      {
        width: 300,
        height: HEIGHT,
        cursor: { sync: { key: sync.key }, drag: { x: true, y: false } },
        scales: { x: { time: false }, y: { range: () => [0, top > 0 ? top * 1.08 : 1] } },
        axes: [
          axis({
            incrs: STEPS,
            values: (_, splits) => splits.map(formatTime),
          }),
          axis({ size: 56, values: (_, splits) => splits.map((value) => `${value}${unit}`) }),
        ],
        series: [
          { label: "time", value: (_, seconds) => (seconds === null ? "" : formatTime(seconds)) },
          ...series,
        ],
        ...(bands === undefined ? {} : { bands }),
      },
      [time, ...lists],
      figure,
    );
    charts.push({ chart, figure });
  }

  /** A title, and one chart for each config beside each other. */
  function row(parent, title, each) {
    add("h3", parent, title);
    const grid = add("div", parent);
    grid.className = "row";
    grid.style.gridTemplateColumns = `repeat(${configs.length}, minmax(0, 1fr))`;
    for (const config of configs) {
      const cell = add("div", grid);
      if (configs.length > 1) add("figcaption", cell, config.name);
      const what = each(config);
      if (what !== undefined) draw(cell, what);
    }
  }

  const all = (name, key) => configs.map((config) => find(config, name)?.[key]);
  const level = (value) => time.map(() => value);

  function drawTask(name) {
    const section = add("section", root);
    add("h2", section, name);
    const first = configs.map((config) => find(config, name)).find((task) => task !== undefined);
    if (first.arrivals !== undefined) drawQueue(section, name);
    const top = mostOf([...all(name, "demand"), ...all(name, "ordered")]);
    row(section, "Instances", (config) => {
      const task = find(config, name);
      if (task === undefined) return undefined;
      const series = [
        line("ordered", "grey", { paths: stepped, width: 1 }),
        line("running", "blue", { paths: stepped }),
      ];
      const lists = [task.ordered, task.running];
      if (task.demand !== undefined) {
        series.push(line("needed on average", "orange", { paths: stepped, dash: [6, 4] }));
        lists.push(task.demand);
      }
      return { series, lists, top };
    });
  }

  function drawQueue(section, name) {
    const arrivals = mostOf(all(name, "arrivals"));
    row(section, "Arrivals, jobs per second", (config) => {
      const task = find(config, name);
      return task && { series: [line("arrivals", "green")], lists: [task.arrivals], top: arrivals };
    });
    const waiting = mostOf(all(name, "waiting"));
    row(section, "Waiting jobs", (config) => {
      const task = find(config, name);
      return task && { series: [line("waiting", "blue")], lists: [task.waiting], top: waiting };
    });
    const within = configs.map((config) => find(config, name)?.within ?? 0);
    const waits = mostOf([...all(name, "longestWait"), within]);
    row(section, "Wait of the job at the head of the queue, and the allowed wait", (config) => {
      const task = find(config, name);
      if (task === undefined) return undefined;
      const series = [line("waited", "blue"), line("allowed", "red", { dash: [6, 4], width: 1 })];
      const lists = [task.longestWait, level(task.within)];
      // The last series is on top.
      if (task.expectedWait !== undefined) {
        series.unshift(line("expected by the target", "orange", { width: 1 }));
        lists.unshift(task.expectedWait);
      }
      return { series, lists, top: waits, unit: " s" };
    });
  }

  /** A stacked chart of what the tasks use of one resource. Drawn from the highest sum down, each over the one before. */
  function drawCapacity(resource) {
    const of = (config) => config.capacity.find(({ name }) => name === resource);
    const top = Math.max(...configs.map((config) => of(config)?.amount ?? 0));
    row(
      root.lastElementChild,
      resource === INSTANCES
        ? "Ordered instances, and the capacity"
        : `${resource} used by ordered instances, and the capacity`,
      (config) => {
        const part = of(config);
        if (part === undefined) return undefined;
        const sums = [];
        for (const used of part.used)
          sums.push(used.map((value, i) => value + (sums.at(-1)?.[i] ?? 0)));
        const series = config.tasks.map(({ name }, i) => {
          const paint = colour(`stack-${i % 8}`);
          return line(name, "", {
            stroke: paint,
            fill: paint,
            width: 0,
            paths: stepped,
            value: (_, __, ___, at) => (at === null ? "" : part.used[i][at]),
          });
        });
        return {
          series: [...series.toReversed(), line("capacity", "red", { dash: [6, 4], width: 1 })],
          lists: [...sums.toReversed(), level(part.amount)],
          top,
        };
      },
    );
  }

  const names = [...new Set(configs.flatMap(({ tasks }) => tasks.map(({ name }) => name)))];
  const resources = [
    ...new Set(configs.flatMap(({ capacity }) => capacity.map(({ name }) => name))),
  ];
  if (resources.length > 0) {
    add("h2", add("section", root), "Capacity");
    for (const resource of resources) drawCapacity(resource);
  }
  for (const name of names) drawTask(name);
  if (secondsPerPoint > 1)
    add(
      "p",
      root,
      `Each point stands for ${secondsPerPoint} s: the longest wait and queue in them, the mean of everything else.`,
    );

  function fit() {
    for (const { chart, figure } of charts) {
      const width = Math.floor(figure.clientWidth);
      if (width > 0 && width !== chart.width) chart.setSize({ width, height: HEIGHT });
    }
  }
  const repaint = () => {
    for (const { chart } of charts) chart.redraw(false, true);
  };
  fit();
  addEventListener("resize", fit);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  // Paper is always light and has its own width, whatever the screen.
  for (const moment of ["beforeprint", "afterprint"])
    addEventListener(moment, () => {
      fit();
      repaint();
    });
})();
