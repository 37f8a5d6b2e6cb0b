import { spawn } from "node:child_process";
import { Agent, type AgentOptions } from "node:http";
import { Duplex } from "node:stream";

/**
 * Connects as the `docker` command does, with `ssh <host> docker system dial-stdio`, so that the user's keys, known hosts and ssh config apply.
 * dockerode's own implementation accepts any host key, and a refused command ends the process.
 * @param host `ssh://[user@]host[:port]`.
 */
export function createSshAgent(host: string): Agent {
  const agent = new Agent({ keepAlive: false } satisfies AgentOptions);
  agent.createConnection = () => dial(host);
  return agent;
}

function dial(host: string): Duplex {
  const { username, hostname, port } = new URL(host);
  const args = ["-T", "-o", "BatchMode=yes"];
  if (port !== "") args.push("-p", port);
  if (username !== "") args.push("-l", decodeURIComponent(username));
  args.push("--", hostname, "docker system dial-stdio");
  const child = spawn("ssh", args, { stdio: ["pipe", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (words: string) => {
    complaint = (complaint + words).slice(-1000);
  });
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk: Buffer, _, done) => void child.stdin.write(chunk, done),
    final: (done) => void child.stdin.end(done),
    destroy(error, done) {
      child.kill();
      done(error);
    },
  });
  child.stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) child.stdout.pause();
  });
  // Each waiting write also fails, so nothing is lost here.
  child.stdin.on("error", () => {});
  child.once("error", (error) => stream.destroy(error));
  // Not on the end of its output, because ssh may complain later.
  child.once("close", (code) => {
    if (code === 0) stream.push(null);
    else stream.destroy(new Error(complaint.trim() || `ssh ended with exit code ${code}`));
  });
  return stream;
}
