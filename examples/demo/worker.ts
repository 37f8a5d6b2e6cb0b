// One worker of the demo: takes jobs of one topic, works on each for a while, and finishes it. The first argument is the topic. The second is
// how many milliseconds a job takes. On SIGTERM, the worker finishes its current job and ends.
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const [topic = "", ms = "100"] = process.argv.slice(2);
const queue = process.env["DEMO_QUEUE"] ?? "";
const agent = new Agent({ keepAlive: true });
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
process.once("SIGINT", () => stopping.abort());

while (!stopping.signal.aborted) {
  const job = await ask(`/take?topic=${topic}&worker=${process.pid}`, stopping.signal);
  if (job === "") continue;
  await sleep(Number(ms));
  const { id } = JSON.parse(job) as { id: number };
  await ask(`/finish?id=${id}`);
}
agent.destroy();

/** Asks the queue. The worker ends if the queue is gone. */
function ask(path: string, signal?: AbortSignal): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const options = { agent, method: "POST", ...(signal && { signal }) };
  request(`http://${queue}${path}`, options, (response) => {
    let body = "";
    response.setEncoding("utf8").on("data", (text: string) => (body += text));
    response.once("end", () => resolve(body));
  })
    .once("error", () => {
      if (!stopping.signal.aborted) process.exit(1);
      resolve("");
    })
    .end();
  return promise;
}
