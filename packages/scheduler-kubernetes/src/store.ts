import { MicroscalingError, type Counts, type Logger } from "@microscaling/core";

import { failureOf, ruleFor } from "./api-errors.ts";
import { countInstances } from "./count.ts";
import { createListWatch, type ListWatch, type ListWatchContext } from "./list-watch.ts";
import { createPodCounter, type PodCounter } from "./pod-counter.ts";
import { podsIn, readPod, type Pod } from "./pods.ts";
import { pathOf } from "./resources.ts";
import { readScaledObject, type Scale, type ScaledObject } from "./scaled-object.ts";
import type { Target } from "./targets.ts";
import { isNewer } from "./versions.ts";

/** What the cluster told of the objects that tasks scale, and of their pods. Never asks for one object. */
export interface Store {
  /** Begins to watch where the target is. */
  follow(target: Target): void;
  /**
   * Begins to watch where the target is, and waits until what is known there are facts.
   * @throws MicroscalingError when they are none.
   */
  ready(target: Target, signal: AbortSignal): Promise<void>;
  /** Whether the object is there. */
  has(target: Target): boolean;
  /** Only its scale subresource says how many are wanted, and what was heard of that is too old. */
  lacksScale(target: Target): boolean;
  /** What a scale subresource answered. */
  note(target: Target, scale: Scale): void;
  /** A request may or may not have come through: how many are wanted is not known until the watch tells. */
  doubt(target: Target): void;
  /** How many are wanted, by the object or by the newest answer of its scale; `undefined` when that is not known. */
  wanted(target: Target): number | undefined;
  /** `undefined` when the object is not there, or how many are wanted is not known. */
  count(target: Target): Counts | undefined;
}

/** What a store needs, and whom it tells. */
export interface StoreContext extends ListWatchContext {
  readonly logger: Logger;
  /** Counts may have changed. */
  readonly changed: () => void;
  /** Pods that are wanted cannot be made. */
  readonly failed: (target: Target, error: MicroscalingError) => void;
  /** How many are wanted of an object has changed. */
  readonly moved: (target: Target, now: ScaledObject, before: ScaledObject) => void;
}

/** Makes a store that watches nothing yet. */
export function createStore(context: StoreContext): Store {
  const { logger } = context;
  const watches = new Map<string, ListWatch<ScaledObject>>();
  const pods = new Map<string, PodsOf>();
  const targets = new Map<string, Target>();
  const scales = new Map<string, Scale>();
  const doubts = new Map<string, string | undefined>();

  function watchOf(target: Target): ListWatch<ScaledObject> {
    const { resource, namespace, key } = target;
    if (targets.get(key)?.task !== target.task) {
      targets.set(key, target);
      pods.get(namespace)?.counter.forget();
    }
    const path = pathOf(resource, namespace);
    const known = watches.get(path);
    if (known !== undefined) return known;
    const spec = {
      path,
      group: resource.group,
      resource: resource.plural,
      namespace: resource.namespaced ? namespace : undefined,
      reduce: readScaledObject,
      changed: (object: string, now?: ScaledObject, before?: ScaledObject) =>
        take(targets.get(`${path}/${object}`), now, before),
    };
    const made = createListWatch(spec, context);
    watches.set(path, made);
    return made;
  }

  /** Objects that no task scales are there too, and of no interest. */
  function take(target: Target | undefined, now?: ScaledObject, before?: ScaledObject): void {
    if (target === undefined) return;
    if (now?.selector?.text !== before?.selector?.text)
      pods.get(target.namespace)?.counter.forget();
    if (now === undefined) scales.delete(target.key);
    else if (before !== undefined && now.wanted !== before.wanted)
      context.moved(target, now, before);
    if (now?.failure !== undefined && now.failure !== before?.failure)
      context.failed(target, toStartError(target, now.failure));
    context.changed();
  }

  function podsOf(namespace: string): PodsOf {
    const known = pods.get(namespace);
    if (known !== undefined) return known;
    const watch = createListWatch<Pod>(
      { ...podsIn(namespace), reduce: readPod, changed: () => context.changed() },
      context,
    );
    const made = { watch, counter: createPodCounter(watch), visible: undefined };
    pods.set(namespace, made);
    return made;
  }

  /** Without the right to read pods only those that stop are not seen, so that is said once, and all else goes on. */
  async function podsReady(namespace: string, signal: AbortSignal): Promise<void> {
    const found = podsOf(namespace);
    try {
      await found.watch.trusted(signal);
      found.visible = true;
    } catch (error) {
      if (failureOf(error)?.status !== 403) throw error;
      if (found.visible !== false) {
        const rule = ruleFor({ verb: "list", group: "", resource: "pods" });
        logger.warn(
          `pods in namespace ${namespace} may not be read, so pods that are being stopped are not counted; to count them add to the agent's Role there: ${rule.replace('["list"]', '["list", "watch"]')}`,
        );
      }
      found.visible = false;
    }
  }

  function objectOf(target: Target): ScaledObject | undefined {
    return watches.get(pathOf(target.resource, target.namespace))?.items.get(target.name);
  }

  /** The newest answer of its scale, unless the watch has told of something newer. */
  function scaleOf({ key }: Target, object: ScaledObject): Scale | undefined {
    const scale = scales.get(key);
    return scale === undefined || isNewer(object.resourceVersion, scale.resourceVersion)
      ? undefined
      : scale;
  }

  /** With what only the scale of a custom object says. */
  function find(target: Target): ScaledObject | undefined {
    const object = objectOf(target);
    if (object === undefined || !target.resource.custom) return object;
    const scale = scaleOf(target, object);
    if (scale === undefined) return undefined;
    const { wanted, present, selector = object.selector } = scale;
    return { ...object, wanted, present, selector, ready: object.ready ?? present };
  }

  function wantedOf(target: Target): number | undefined {
    const object = objectOf(target);
    if (object === undefined || isDoubtful(target, object)) return undefined;
    const scale = scaleOf(target, object);
    return scale?.wanted ?? (target.resource.custom ? undefined : object.wanted);
  }

  function isDoubtful({ key }: Target, { resourceVersion }: ScaledObject): boolean {
    if (!doubts.has(key)) return false;
    if (doubts.get(key) === resourceVersion) return true;
    doubts.delete(key);
    return false;
  }

  function selectorsIn(namespace: string): ReadonlyMap<string, Target> {
    return new Map([...targets].filter(([, target]) => target.namespace === namespace));
  }

  return {
    follow(target) {
      watchOf(target);
      podsOf(target.namespace);
    },
    async ready(target, signal) {
      await watchOf(target).trusted(signal);
      await podsReady(target.namespace, signal);
    },
    has: (target) => objectOf(target) !== undefined,
    lacksScale(target) {
      const object = objectOf(target);
      if (object === undefined || !target.resource.custom) return false;
      return scaleOf(target, object) === undefined;
    },
    note(target, scale) {
      doubts.delete(target.key);
      const known = scales.get(target.key);
      if (known !== undefined && isNewer(known.resourceVersion, scale.resourceVersion)) return;
      if (known?.selector?.text !== scale.selector?.text)
        pods.get(target.namespace)?.counter.forget();
      scales.set(target.key, scale);
    },
    doubt(target) {
      doubts.set(target.key, objectOf(target)?.resourceVersion);
    },
    wanted: (target) => (watchOf(target).isTrusted ? wantedOf(target) : undefined),
    count(target) {
      const object = find(target);
      const asked = wantedOf(target) ?? object?.wanted;
      if (object === undefined || asked === undefined) return undefined;
      const { visible, counter } = podsOf(target.namespace);
      const counted = visible === true && object.selector !== undefined;
      const selectors = (): ReadonlyMap<string, ScaledObject["selector"]> => {
        const found = new Map<string, ScaledObject["selector"]>();
        for (const [key, one] of selectorsIn(target.namespace)) found.set(key, find(one)?.selector);
        return found;
      };
      return countInstances(
        object,
        asked,
        counted ? counter.count(target.key, selectors) : undefined,
      );
    },
  };
}

interface PodsOf {
  readonly watch: ListWatch<Pod>;
  readonly counter: PodCounter;
  /** Whether they may be read; `undefined` until that is known. */
  visible: boolean | undefined;
}

function toStartError({ task, label }: Target, words: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_START_FAILED",
    `task "${task}": ${label} cannot make all the pods that are wanted: ${words}; raise the quota, or the task's max is too high`,
  );
}
