import { describe, expect, it, onTestFinished } from "vitest";
import { startMarathon, type Marathon, type MarathonOptions } from "../src/index.ts";

// The plugin is tested on this server, so that the server itself is held to what is documented of Marathon.

async function marathonWith(options: MarathonOptions = {}): Promise<Marathon> {
  const marathon = await startMarathon({ apps: [{ id: "/prod/worker" }], ...options });
  onTestFinished(() => marathon.stop());
  return marathon;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(marathon: Marathon, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${marathon.url}${path}`, { redirect: "manual", ...init });
  const text = await response.text();
  const isJson = response.headers.get("content-type") === "application/json";
  const body = (isJson && text !== "" ? JSON.parse(text) : { text }) as Answer["body"];
  return { status: response.status, headers: response.headers, body };
}

const put = (marathon: Marathon, body: string, query = "", id = "/prod/worker"): Promise<Answer> =>
  ask(marathon, `/v2/apps${id}${query}`, { method: "PUT", body });

function configuredAt({ body }: Answer): unknown {
  const { app } = body as { app?: { versionInfo?: { lastConfigChangeAt?: string } } };
  return app?.versionInfo?.lastConfigChangeAt;
}

const scaleTo = (n: unknown): string => JSON.stringify({ instances: n });

describe("a change", () => {
  it("shows at once, moves version and lastScalingAt, and gives its deployment", async () => {
    const marathon = await marathonWith({ stagingMs: 60_000 });
    const before = await ask(marathon, "/v2/apps//prod/worker");
    const { status, headers, body } = await put(marathon, scaleTo(2));
    expect(status).toBe(200);
    expect(headers.get("marathon-deployment-id")).toBe(body["deploymentId"]);
    const after = await ask(marathon, "/v2/apps/prod/worker");
    expect(after.body["app"]).toMatchObject({
      instances: 2,
      tasksRunning: 0,
      tasksStaged: 2,
      tasksHealthy: 0,
      deployments: [{ id: body["deploymentId"] }],
      versionInfo: { lastConfigChangeAt: configuredAt(before) },
    });
  });

  it("to an app that is locked is refused, with the locks; the same number is not", async () => {
    const marathon = await marathonWith();
    const { id } = marathon.deploy("/prod/worker");
    expect(await put(marathon, scaleTo(1))).toMatchObject({
      status: 409,
      body: {
        message:
          "App is locked by one or more deployments. Override with the option '?force=true'. View details at '/v2/deployments/<DEPLOYMENT_ID>'.",
        deployments: [{ id }],
      },
    });
    expect(await put(marathon, scaleTo(0))).toMatchObject({ status: 200 });
    expect(await put(marathon, scaleTo(1), "?force=true")).toMatchObject({ status: 200 });
  });

  it("that cannot come true locks for ever, until it is deleted", async () => {
    const marathon = await marathonWith({ capacity: 0 });
    const { body } = await put(marathon, scaleTo(1));
    expect(await ask(marathon, "/v2/queue")).toMatchObject({
      body: { queue: [{ app: { id: "/prod/worker" }, count: 1 }] },
    });
    const path = `/v2/deployments/${String(body["deploymentId"])}?force=true`;
    expect(await put(marathon, scaleTo(2))).toMatchObject({ status: 409 });
    expect(await ask(marathon, path, { method: "DELETE" })).toMatchObject({ status: 202 });
    expect(await put(marathon, scaleTo(2))).toMatchObject({ status: 200 });
  });

  it.each([
    [scaleTo(-1), 422, "Object is not valid"],
    [scaleTo(1.5), 422, "Object is not valid"],
    [scaleTo("many"), 422, "Invalid JSON"],
    ["{", 400, "Invalid JSON"],
    ["", 400, "Please specify data in JSON format"],
  ])("that says %j is refused by %i", async (body, status, message) => {
    expect(await put(await marathonWith(), body)).toMatchObject({ status, body: { message } });
  });

  it("of an app that is not there is no creation", async () => {
    const marathon = await marathonWith();
    expect(await put(marathon, scaleTo(1), "", "/none")).toMatchObject({ status: 422 });
    const patch = { method: "PATCH", body: scaleTo(1) };
    expect(await ask(marathon, "/v2/apps/none", patch)).toMatchObject({
      status: 404,
      body: { message: "App '/none' does not exist" },
    });
  });

  it("beyond the most deployments is forbidden", async () => {
    const marathon = await marathonWith({ maxDeployments: 0 });
    const { status, body } = await put(marathon, scaleTo(1), "?force=true");
    expect(status).toBe(403);
    expect(body["message"]).toMatch(/^Max number \(0\) of running deployments is achieved\./);
  });
});

async function read(response: Response, until: string): Promise<string> {
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk);
    if (text.includes(until)) return text;
  }
  return text;
}

describe("the stream of events", () => {
  const accept = { headers: { accept: "text/event-stream" } };

  it("is in frames that end in CRLF, begins with the attachment, and tells of a refusal under an id of its own", async () => {
    const marathon = await marathonWith();
    const { id } = marathon.deploy("/prod/worker");
    const response = await fetch(`${marathon.url}/v2/events`, accept);
    expect(response.headers.get("transfer-encoding")).toBeNull();
    await put(marathon, scaleTo(1));
    const text = await read(response, "deployment_failed");
    expect(text).toMatch(
      /^event: event_stream_attached\r\ndata: \{"eventType":"event_stream_attached".*\}\r\n\r\n/,
    );
    expect(text).toContain("event: group_change_failed\r\n");
    expect(text).not.toContain(id);
  });

  it("is filtered by exact names, and has heart-beats", async () => {
    const marathon = await marathonWith({ heartbeatMs: 5 });
    const response = await fetch(`${marathon.url}/v2/events?event_type=deployment_success`, accept);
    await put(marathon, scaleTo(1));
    const text = await read(response, "deployment_success");
    expect(text).toMatch(/^(\r\n)*event: deployment_success\r\n/);
  });

  it("is not given to those who ask for other types as well", async () => {
    const marathon = await marathonWith();
    const headers = { accept: "text/event-stream, */*" };
    expect(await ask(marathon, "/v2/events", { headers })).toMatchObject({ status: 405 });
  });
});

describe("masters", () => {
  it("that do not lead proxy, say so, and send to the leader for events", async () => {
    const marathon = await marathonWith({ masters: 2 });
    const [leader, standby] = marathon.urls;
    marathon.elect(1);
    const { status, headers } = await ask(marathon, "/v2/apps");
    expect(status).toBe(200);
    expect(headers.get("x-marathon-leader")).toBe(standby);
    expect(headers.get("x-marathon-via")).toBe(`1.1 ${new URL(leader ?? "").host}`);
    const events = await ask(marathon, "/v2/events?event_type=a");
    expect(events.status).toBe(302);
    expect(events.headers.get("location")).toBe(`${standby}/v2/events?event_type=a`);
    await marathon.stopMaster(1);
    expect(await ask(marathon, "/v2/apps")).toMatchObject({ status: 502 });
  });
});

it("has Jetty's challenge for basic authentication, and answers an unknown path with 500", async () => {
  const basic = { username: "me", password: "secret" };
  const marathon = await marathonWith({ auth: { basic } });
  const { status, headers } = await ask(marathon, "/ping");
  expect(status).toBe(401);
  expect(headers.get("www-authenticate")).toBe('Basic realm="Mesosphere"');
  const authorization = `Basic ${Buffer.from("me:secret").toString("base64")}`;
  expect(await ask(marathon, "/v3", { headers: { authorization } })).toMatchObject({
    status: 500,
    body: { message: "URI not found" },
  });
});

it("counts what is being killed as running, unless Mesos can say otherwise, and replaces what ends by itself", async () => {
  for (const taskKilling of [true, false]) {
    const marathon = await marathonWith({ taskKilling, killMs: 60_000, checkMs: 1 });
    await put(marathon, scaleTo(2));
    const isUp = (): boolean =>
      marathon.tasks("/prod/worker").every(({ state }) => state === "TASK_RUNNING");
    await expect.poll(isUp).toBe(true);
    marathon.crash("/prod/worker");
    await expect.poll(() => isUp() && marathon.tasks("/prod/worker").length).toBe(2);
    await expect.poll(async () => (await put(marathon, scaleTo(1))).status).toBe(200);
    expect(await ask(marathon, "/v2/apps/prod/worker")).toMatchObject({
      body: { app: { instances: 1, tasksRunning: taskKilling ? 1 : 2 } },
    });
  }
});
