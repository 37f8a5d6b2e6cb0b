/** The format of the vectors: what the original engine was given and what it computed. */
export interface VectorTask {
  readonly name: string;
  readonly priority: number;
  readonly isScalable: boolean;
  readonly minContainers: number;
  readonly maxContainers: number;
  readonly maxDelta: number;
  readonly ruleType: string;
  readonly targetQueueLength?: number;
  readonly metric: number;
  readonly running: number;
  readonly requested: number;
  readonly demandAfter: number;
  readonly trace?: readonly number[];
}

export interface AllocCase {
  readonly maxContainers: number;
  readonly demandChanged?: boolean;
  readonly defect?: readonly string[];
  readonly tasks: readonly VectorTask[];
}

export interface TargetCase {
  readonly ruleType: string;
  readonly targetQueueLength?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly lengths: readonly number[];
  readonly delta: readonly number[];
  readonly meeting: readonly boolean[];
  readonly exceeding: readonly boolean[];
}
