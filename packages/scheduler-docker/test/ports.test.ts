import { describe, expect, it } from "vitest";

import { parsePort } from "../src/ports.ts";

describe("a port", () => {
  it.each([
    ["80", "80/tcp", "", ""],
    ["8080:80", "80/tcp", "", "8080"],
    ["8000-8010:80", "80/tcp", "", "8000-8010"],
    ["127.0.0.1:8080:80", "80/tcp", "127.0.0.1", "8080"],
    ["127.0.0.1::80", "80/tcp", "127.0.0.1", ""],
    ["53:53/udp", "53/udp", "", "53"],
  ])("%s", (written, container, HostIp, HostPort) => {
    expect(parsePort(written)).toEqual({ container, binding: { HostIp, HostPort } });
  });

  it.each([
    "",
    "http",
    "80:http",
    "0",
    "80:0",
    "65536",
    "8010-8000:80",
    "8000-8010:80-90",
    "-5:80",
    "80/icmp",
  ])("is not %j", (written) => {
    expect(parsePort(written)).toBeUndefined();
  });
});
