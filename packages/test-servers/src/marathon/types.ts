/** The time it runs by: the system's unless a test moves it by hand. */
export interface MarathonClock {
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How fast and how large the cluster is. Times in milliseconds; the real ones are given for each. */
export interface MarathonSettings {
  /** From launch to TASK_RUNNING. */
  stagingMs: number;
  /** From being asked to stop to its end. */
  killMs: number;
  /** From TASK_RUNNING to the first health check that passes, for apps that have one. */
  healthMs: number;
  /** How often a deployment looks whether it has come true: every 5 s, after 1 s the first time. */
  checkMs: number;
  /** How often an idle event stream gets an empty line: every 10 s. */
  heartbeatMs: number;
  /** How many tasks the cluster holds; more of them wait in the queue. */
  capacity: number;
  /** Whether a task that is being killed is TASK_KILLING, or still TASK_RUNNING. Depends on a feature of Mesos. */
  taskKilling: boolean;
  /** With so many deployments running every further one is refused: 100. */
  maxDeployments: number;
}

/** The states of a task that are told; one that has ended is gone. */
export type TaskState = "TASK_STAGING" | "TASK_RUNNING" | "TASK_KILLING" | "TASK_UNREACHABLE";

/** One instance of an app. */
export interface MarathonTask {
  readonly id: string;
  readonly appId: string;
  readonly stagedAt: number;
  startedAt: number | undefined;
  state: TaskState;
  /** Asked to stop, whatever the state says. */
  ending: boolean;
  /** What its health check says; `undefined` before the first result. */
  healthy: boolean | undefined;
}

/** An app. */
export interface MarathonApp {
  readonly id: string;
  /** How many are wanted. */
  instances: number;
  version: number;
  lastScalingAt: number;
  readonly lastConfigChangeAt: number;
  readonly hasHealthCheck: boolean;
  readonly killSelection: "YOUNGEST_FIRST" | "OLDEST_FIRST";
  readonly labels: Readonly<Record<string, string>>;
  /** Its tasks fail as soon as they run. */
  readonly isBroken: boolean;
  /** In the order of their launch. */
  tasks: MarathonTask[];
  lastFailure: { readonly taskId: string; readonly at: number } | undefined;
}

/** What a test says of an app that it creates. */
export interface NewApp {
  readonly id: string;
  readonly instances?: number;
  readonly hasHealthCheck?: boolean;
  readonly isBroken?: boolean;
  readonly killSelection?: MarathonApp["killSelection"];
  readonly labels?: Readonly<Record<string, string>>;
}

/** A deployment that runs. */
export interface Deployment {
  readonly id: string;
  readonly version: number;
  readonly appId: string;
  readonly action: "ScaleApplication" | "RestartApplication" | "StopApplication";
  /** Ends its checking. */
  readonly over: AbortController;
}

/** Tells those who listen. */
export type Emit = (eventType: string, fields: Readonly<Record<string, unknown>>) => void;

/** As Marathon writes times. */
export const iso = (ms: number): string => new Date(ms).toISOString();
