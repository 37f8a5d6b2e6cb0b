import { MicroscalingError, type Counts, type Logger } from "@microscaling/core";

import { failureOf, ruleFor } from "./errors.ts";
import { countInstances } from "./counts.ts";
import { createListWatch, type ListWatch, type ListWatchContext } from "./list-watch.ts";
import { createAgreement } from "./agreement.ts";
import { createPast } from "./past.ts";
import { createPodCounter, type PodCount, type PodCounter } from "./pod-counter.ts";
import { podsIn, readPod, type Pod } from "./pods.ts";
import { pathOf } from "./resources.ts";
import { readScaledObject, type Scale, type ScaledObject } from "./scaled-object.ts";
import { without, type Selector } from "./selector.ts";
import type { Target } from "./targets.ts";
import { isNewer } from "./versions.ts";

/** The objects that tasks scale, and their pods, as the watches report them. Never requests one object. */
export interface Store {
  /** Starts to watch the target's namespace. */
  follow(target: Target): void;
  /**
   * Starts to watch the target's namespace, and waits until its data is up to date.
   * @throws MicroscalingError if it is not.
   */
  ready(target: Target, signal: AbortSignal): Promise<void>;
  /** Whether the object exists. */
  has(target: Target): boolean;
  /** Whether only the scale subresource has the requested number, and its last answer is too old. */
  lacksScale(target: Target): boolean;
  /** Records the answer of a scale subresource. */
  note(target: Target, scale: Scale): void;
  /** Records that a request may or may not have arrived. The requested number is unknown until the watch reports it. */
  doubt(target: Target): void;
  /** The requested number, from the object or the newest answer of its scale; `undefined` if it is unknown. */
  wanted(target: Target): number | undefined;
  /** `undefined` if the object does not exist, or the requested number is unknown. */
  count(target: Target): Counts | undefined;
  /** Selects the object's pods. */
  selector(target: Target): Selector | undefined;
  /** The number of pods that may still exist although their object does not. */
  left(target: Target): number;
}

/** What a store needs, and what it calls on changes. */
export interface StoreContext extends ListWatchContext {
  readonly logger: Logger;
  /** Counts may have changed. */
  readonly changed: () => void;
  /** Requested pods cannot be created. */
  readonly failed: (target: Target, error: MicroscalingError) => void;
  /** The requested number of an object has changed. */
  readonly moved: (target: Target, now: ScaledObject, before: ScaledObject) => void;
}

/** Creates a store that watches nothing yet. */
export function createStore(context: StoreContext): Store {
  const { logger } = context;
  const watches = new Map<string, ListWatch<ScaledObject>>();
  const pods = new Map<string, PodsOf>();
  const targets = new Map<string, Target>();
  const scales = new Map<string, Scale>();
  const doubts = new Map<string, string | undefined>();
  const past = createPast(context.clock);
  const agreement = createAgreement(context.clock);

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

  /** Ignores objects that no task scales. */
  function take(target: Target | undefined, now?: ScaledObject, before?: ScaledObject): void {
    if (target === undefined) return;
    const scale = scales.get(target.key);
    const isBehind =
      now !== undefined &&
      scale !== undefined &&
      isNewer(scale.resourceVersion, now.resourceVersion);
    past.saw(target.key, now, before, isBehind);
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

  /** Without the permission to read pods, only stopping pods are not seen. This is logged once, and everything else continues. */
  async function podsReady(namespace: string, signal: AbortSignal): Promise<void> {
    const found = podsOf(namespace);
    try {
      await found.watch.trusted(signal);
      if (found.visible === false)
        logger.info(`the agent may read pods in namespace ${namespace} again`);
      found.visible = true;
    } catch (error) {
      if (failureOf(error)?.status !== 403) throw error;
      if (found.visible !== false) {
        const rule = ruleFor({ verb: "list", group: "", resource: "pods" });
        logger.warn(
          `the agent may not read pods in namespace ${namespace}, so a stopping pod keeps its room for its whole grace period, and is not counted if it takes longer; add to the agent's Role there: ${rule.replace('["list"]', '["list", "watch"]')}`,
        );
      }
      found.visible = false;
    }
  }

  function objectOf(target: Target): ScaledObject | undefined {
    return watches.get(pathOf(target.resource, target.namespace))?.items.get(target.name);
  }

  /** The newest answer of the object's scale, unless the watch has reported a newer state. */
  function scaleOf({ key }: Target, object: ScaledObject): Scale | undefined {
    const scale = scales.get(key);
    return scale === undefined || isNewer(object.resourceVersion, scale.resourceVersion)
      ? undefined
      : scale;
  }

  /** Adds the data that only the scale of a custom object has. */
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

  /** Maps the pods of a namespace to their objects, present and earlier. */
  function selectorsIn(namespace: string): ReadonlyMap<string, Selector | undefined> {
    const found = new Map<string, Selector | undefined>();
    for (const [key, target] of targets) {
      if (target.namespace !== namespace) continue;
      const selector = find(target)?.selector;
      const former = past.former(key);
      found.set(key, selector);
      if (former !== undefined) found.set(formerOf(key), without(former, selector));
    }
    return found;
  }

  function countPods(target: Target, key: string): PodCount | undefined {
    const { visible, counter } = podsOf(target.namespace);
    if (visible !== true) return undefined;
    return counter.count(key, () => selectorsIn(target.namespace));
  }

  /** Detects a watch that stays open but has become silent, by comparison with the other watch and with answers to requests. */
  function compare(target: Target, object: ScaledObject, seen: PodCount | undefined): void {
    const scale = scales.get(target.key);
    const isBehind = scale !== undefined && isNewer(scale.resourceVersion, object.resourceVersion);
    const differs =
      !target.resource.custom && seen !== undefined && seen.present !== object.present;
    if (!agreement.isOverdue(target.key, !isBehind && !differs)) return;
    watchOf(target).doubt();
    if (differs) podsOf(target.namespace).watch.doubt();
  }

  /** The number of pods that belonged to the object before and still exist. */
  function countFormer(target: Target): number {
    if (past.former(target.key) === undefined) return 0;
    const { present, stopping } = countPods(target, formerOf(target.key)) ?? NO_PODS;
    if (podsOf(target.namespace).visible === true && present + stopping === 0)
      past.forgetFormer(target.key);
    return present + stopping;
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
      const object = objectOf(target);
      if (object !== undefined && isNewer(scale.resourceVersion, object.resourceVersion))
        past.replaced(target.key, Math.max(known?.wanted ?? 0, object.wanted));
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
      const seen = object.selector && countPods(target, target.key);
      compare(target, object, seen);
      const former = countFormer(target);
      return countInstances(object, {
        wanted: asked,
        pods: seen && { ...seen, stopping: seen.stopping + former },
        peak: past.peak(target.key),
        leaving: past.leaving(target.key),
      });
    },
    selector: (target) => find(target)?.selector,
    left(target) {
      const { visible } = podsOf(target.namespace);
      return visible === true ? countFormer(target) : past.leaving(target.key);
    },
  };
}

const NO_PODS: PodCount = { present: 0, stopping: 0 };

function formerOf(key: string): string {
  return `${key} before`;
}

interface PodsOf {
  readonly watch: ListWatch<Pod>;
  readonly counter: PodCounter;
  /** Whether the agent may read them; `undefined` until that is known. */
  visible: boolean | undefined;
}

function toStartError({ task, label }: Target, words: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_START_FAILED",
    `task "${task}": ${label} cannot create all requested pods: ${words}; raise the quota, or lower the task's max`,
  );
}
