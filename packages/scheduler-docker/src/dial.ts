import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import type Docker from "dockerode";

/**
 * Makes an incomplete answer a failure. dockerode's own reader waits for its end for ever. So dockerode returns each answer as a stream, which is
 * read here.
 */
export function failOnCutAnswers(docker: Docker): Docker {
  const { modem } = docker;
  const dial = modem.dial.bind(modem);
  modem.dial = (options, answered) => {
    if (options.isStream === true || options.hijack === true || options.openStdin === true)
      return dial(options, answered);
    dial({ ...options, isStream: true }, (error, stream) => {
      if (!(stream instanceof Readable)) return answered?.(error, stream);
      // dockerode turns the callback into a promise again.
      // oxlint-disable-next-line promise/no-promise-in-callback
      buffer(stream).then(
        (body) => answered?.(null, parse(body)),
        (failure: Error) => answered?.(failure, null),
      );
    });
  };
  return docker;
}

/** Parses JSON, and returns anything else unchanged, as dockerode does. */
function parse(body: Buffer): object {
  try {
    const json: unknown = JSON.parse(body.toString());
    return typeof json === "object" && json !== null ? json : body;
  } catch {
    return body;
  }
}
