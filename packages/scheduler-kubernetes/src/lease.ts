import type { Claim, Clock, Lease, LeaseState } from "@microscaling/core";
import { type Fields, countIn, memberIn, textIn } from "@microscaling/plugin-kit";

import { failureOf, type Purpose } from "./errors.ts";
import type { Connection } from "./connection.ts";
import { FIELD_MANAGER } from "./scaling.ts";

/** The duration of a lease without one, in seconds: Kubernetes' own default. */
const DURATION_S = 15;

/** What reading and writing leases needs. */
export interface LeaseContext {
  readonly connection: Pick<Connection, "ask" | "namespace">;
  readonly clock: Clock;
}

/**
 * A lease of `coordination.k8s.io`, as Kubernetes' own controllers use it to elect their leader. A write names the `resourceVersion` that was read,
 * so the API server accepts only one of several writes.
 * @param written `namespace/name`, or `name` in the scheduler's own namespace
 */
export function createLease({ connection, clock }: LeaseContext, written: string): Lease {
  const [name = "", own] = written.split("/").toReversed();
  /** The last read state: the holder, and how often the holder has changed. */
  let last: { readonly state: LeaseState; readonly transitions: number } | undefined;

  function take(object: unknown): LeaseState {
    const spec = memberIn(object, "spec");
    const state = {
      holder: textIn(spec, "holderIdentity") ?? "",
      durationMs: (countIn(spec, "leaseDurationSeconds") ?? DURATION_S) * 1000,
      version: textIn(memberIn(object, "metadata"), "resourceVersion") ?? "",
    };
    last = { state, transitions: countIn(spec, "leaseTransitions") ?? 0 };
    return state;
  }

  async function ask(
    verb: "get" | "create" | "patch",
    body: Fields | undefined,
    signal: AbortSignal,
  ): Promise<unknown> {
    const namespace = own ?? (await connection.namespace());
    const path = `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`;
    const access = { verb, group: "coordination.k8s.io", resource: "leases", namespace };
    const purpose: Purpose = { doing: `${verb} lease ${namespace}/${name}`, access };
    if (body === undefined) return connection.ask({ ...purpose, path: `${path}/${name}` }, signal);
    const query = { fieldManager: FIELD_MANAGER };
    return verb === "create"
      ? connection.ask({ ...purpose, method: "POST", path, query, body }, signal)
      : connection.ask(
          { ...purpose, method: "PATCH", path: `${path}/${name}`, query, body },
          signal,
        );
  }

  /** The times are only for people. No clock is trusted. */
  function specOf({ holder, durationMs }: Claim): Fields {
    const now = new Date(clock.now()).toISOString().replace("Z", "000Z");
    const spec = {
      // The API server refuses an empty text. In a patch, null removes it.
      holderIdentity: holder === "" ? null : holder,
      leaseDurationSeconds: Math.ceil(durationMs / 1000),
      renewTime: now,
    };
    const isNew = holder !== "" && holder !== last?.state.holder;
    const leaseTransitions = last === undefined ? 0 : last.transitions + 1;
    return isNew ? { ...spec, acquireTime: now, leaseTransitions } : spec;
  }

  return {
    async read(signal) {
      try {
        return take(await ask("get", undefined, signal));
      } catch (error) {
        if (failureOf(error)?.status !== 404) throw error;
        last = undefined;
        return undefined;
      }
    },
    async write(claim, over, signal) {
      const spec = specOf(claim);
      const kind = { apiVersion: "coordination.k8s.io/v1", kind: "Lease" };
      const made = { ...kind, metadata: { name }, spec };
      const changed = { metadata: { resourceVersion: over }, spec };
      try {
        return take(
          over === undefined
            ? await ask("create", made, signal)
            : await ask("patch", changed, signal),
        );
      } catch (error) {
        const status = failureOf(error)?.status;
        // The lease was created, changed or deleted meanwhile. If the namespace is missing, no agent gets the lease.
        const isLost = status === 409 || (status === 404 && over !== undefined);
        if (isLost) return undefined;
        throw error;
      }
    },
  };
}
