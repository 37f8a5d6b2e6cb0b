import { MicroscalingError } from "@microscaling/core";
import { describe, expect, it } from "vitest";

import { toDockerError } from "../src/errors.ts";

const purpose = {
  code: "ERR_START_FAILED",
  at: "unix:///run/docker.sock",
  doing: "start a container",
  task: "mail",
  image: "worker:1",
} as const;

const answer = (statusCode: number, words: string): Error =>
  Object.assign(new Error(`(HTTP code ${statusCode}) server error - ${words} `), { statusCode });
const silence = (code: string): Error => Object.assign(new Error(`connect ${code}`), { code });

describe("what Docker says", () => {
  it.each([
    [
      "ERR_IMAGE_MISSING",
      answer(404, "No such image: worker:1"),
      /image "worker:1" is not on .*workload\.pull/,
    ],
    [
      "ERR_NAME_TAKEN",
      answer(409, 'Conflict. The container name "/mail-1" is already in use by container "4f".'),
      /"\/mail-1".*workload\.name/,
    ],
    [
      "ERR_PORT_TAKEN",
      answer(
        500,
        "driver failed programming external connectivity: Bind for 0.0.0.0:80 failed: port is already allocated",
      ),
      /0\.0\.0\.0:80.*a range/,
    ],
    [
      "ERR_PORT_TAKEN",
      answer(500, "listen tcp4 0.0.0.0:80: bind: address already in use"),
      /workload\.ports/,
    ],
    ["ERR_PORT_TAKEN", answer(500, "all ports are allocated"), /a range/],
    [
      "ERR_DISK_FULL",
      answer(500, "mkdir /var/lib/docker/x: no space left on device"),
      /docker system prune/,
    ],
    [
      "ERR_SCHEDULER_REFUSED",
      answer(403, "authorization denied by plugin"),
      /refused to start a container/,
    ],
    ["ERR_SCHEDULER_REFUSED", silence("EACCES"), /group "docker"/],
    [
      "ERR_SCHEDULER_UNREACHABLE",
      silence("ECONNREFUSED"),
      /does not answer at unix:\/\/\/run\/docker\.sock/,
    ],
    ["ERR_SCHEDULER_UNREACHABLE", silence("ENOENT"), /scheduler\.host/],
    ["ERR_SCHEDULER_UNREACHABLE", silence("ECONNRESET"), /\(it closed the connection\)/],
    ["ERR_SCHEDULER_UNREACHABLE", silence("EMFILE"), /no file descriptors left.*ulimit -n/],
    ["ERR_SCHEDULER_UNREACHABLE", silence("ENFILE"), /no file descriptors left.*fs\.file-max/],
    ["ERR_SCHEDULER_REFUSED", silence("ERR_OSSL_PEM_NO_START_LINE"), /TLS.*scheduler\.tls/],
    [
      "ERR_START_FAILED",
      answer(400, 'exec: "consume": executable file not found in $PATH'),
      /worker:1.*consume/,
    ],
  ])("becomes %s", (code, error, words) => {
    const ours = toDockerError(error, purpose);
    expect(ours.code).toBe(code);
    expect(ours.message).toMatch(words);
    expect(ours.message).toMatch(/^task "mail": /);
    expect(ours.message).not.toContain("HTTP code");
    expect(ours.cause).toBe(error);
  });

  it("leaves an error of ours as it is", () => {
    const ours = new MicroscalingError("ERR_DISK_FULL", "full");
    expect(toDockerError(ours, purpose)).toBe(ours);
  });
});
