import { createTestClock } from "@microscaling/conformance";
import { silentLogger } from "@microscaling/core";
import { beforeEach, describe, expect, it } from "vitest";

import { createIdentity } from "../src/identity.ts";
import { createLedger, type Ledger } from "../src/ledger.ts";
import { createLookout, type Lookout } from "../src/lookout.ts";

describe("what Docker tells by itself", () => {
  let ledger: Ledger;
  let lookout: Lookout;
  let changes: number;

  beforeEach(() => {
    ledger = createLedger();
    changes = 0;
    lookout = createLookout({
      ask: () => Promise.reject(new Error("nothing is asked here")),
      clock: createTestClock(),
      logger: silentLogger,
      ledger,
      identity: createIdentity(() => 0),
      rivals: {
        note: () => {},
        hear: () => {},
        isStandingBy: () => false,
        isGone: () => false,
        claim: () => Promise.resolve("at once"),
      },
      life: new AbortController().signal,
      changed: () => void changes++,
      goOn: (work) => void work.catch(() => {}),
    });
  });

  function tell(action: string, id: string, label?: string): void {
    lookout.handle({ id, label, task: "mail", action, knock: undefined });
  }

  it("is no news while it is a start of ours that is under way", () => {
    const change = ledger.begin("start", "mail", "ours");
    tell("start", "one", "ours");
    expect(changes).toBe(0);
    tell("start", "two", "theirs");
    tell("start", "three");
    expect(changes).toBe(2);
    ledger.settle(change, "up");
    tell("start", "one", "ours");
    expect(changes).toBe(3);
  });

  it("is no news while it is a stop of ours, until the container is removed", () => {
    const change = ledger.begin("stop", "mail", "one");
    lookout.expectEnd("one");
    tell("die", "one");
    ledger.settle(change, "gone");
    tell("destroy", "one");
    expect(changes).toBe(0);
    tell("die", "two");
    tell("destroy", "two");
    tell("pause", "three");
    expect(changes).toBe(3);
  });
});
