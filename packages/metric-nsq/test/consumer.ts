import { once } from "node:events";
import { connect } from "node:net";
import { onTestFinished } from "vitest";
import type { Nsqd } from "@microscaling/test-servers";
import type { NsqQuery } from "../src/index.ts";

/** A worker that takes messages and keeps them until it is told what to do with them. */
export interface Consumer {
  /** Ends the work on so many messages with success. */
  finish(n: number): void;
  /** Gives so many messages back. */
  requeue(n: number): void;
}

const MESSAGE_FRAME = 2;

/** Connects to nsqd's TCP port and takes up to `n` messages. */
export async function startConsumer(nsqd: Nsqd, queue: NsqQuery, n: number): Promise<Consumer> {
  const [host = "", port] = nsqd.tcp.split(":");
  const socket = connect(Number(port), host);
  onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  const ids: string[] = [];
  let rest = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    // A frame is its size, its type and its data; a message's data starts with 10 bytes of time and attempts, then its id.
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const frame = rest.subarray(4, 4 + rest.readInt32BE(0));
      rest = rest.subarray(4 + frame.length);
      if (frame.readInt32BE(0) === MESSAGE_FRAME) ids.push(frame.toString("latin1", 14, 30));
    }
  });
  socket.write(`  V2SUB ${queue.topic} ${queue.channel}\nRDY ${n}\n`);
  const say = (command: (id: string) => string, count: number): void => {
    // No more messages for those that are done.
    socket.write(`RDY 0\n${ids.splice(0, count).map(command).join("")}`);
  };
  return {
    finish: (count) => say((id) => `FIN ${id}\n`, count),
    requeue: (count) => say((id) => `REQ ${id} 0\n`, count),
  };
}
