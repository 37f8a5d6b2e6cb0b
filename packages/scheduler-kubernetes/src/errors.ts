import { isMicroscalingError, MicroscalingError, type ErrorCode } from "@microscaling/core";

/** The RBAC permission that a request needs. */
export interface Access {
  /** `get`, `list`, `watch`, `patch`, … */
  readonly verb: string;
  /** `apps`, or empty for the core group. */
  readonly group: string;
  /** `deployments`, `deployments/scale`, … */
  readonly resource: string;
  /** Absent for the whole cluster. */
  readonly namespace?: string | undefined;
  readonly name?: string;
}

/** What the plugin was doing when a request failed. */
export interface Purpose {
  /** The action, as in "cannot …", such as `list deployments in default`. */
  readonly doing: string;
  readonly access?: Access;
  readonly task?: string | undefined;
}

/** A failure that the API server answered. Always the `cause` of a MicroscalingError. */
export class ApiFailure extends Error {
  /** The HTTP status. */
  readonly status: number;
  /** Kubernetes' reason: `NotFound`, `Conflict`, `Expired`, … */
  readonly reason: string;
  /** How long the server asks the client to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(answer: {
    readonly status: number;
    readonly body: string;
    readonly retryAfter?: string | undefined;
  }) {
    const { message, reason } = parseStatus(answer.body);
    super(message ?? answer.body.slice(0, 300));
    this.name = "ApiFailure";
    this.status = answer.status;
    this.reason = reason ?? "";
    const seconds = Number(answer.retryAfter ?? Number.NaN);
    this.retryAfterMs = Number.isFinite(seconds) ? seconds * 1000 : undefined;
  }
}

/** The API server's answer, if it answered at all. */
export function failureOf(error: unknown): ApiFailure | undefined {
  const found = error instanceof Error && !(error instanceof ApiFailure) ? error.cause : error;
  return found instanceof ApiFailure ? found : undefined;
}

/** Turns `error` into a MicroscalingError with the server's words and what to do. */
export function toApiError(error: unknown, at: string, purpose: Purpose): MicroscalingError {
  if (isMicroscalingError(error)) return error;
  const { code, said } =
    error instanceof ApiFailure ? explain(error, at, purpose) : explainSilence(error, at, purpose);
  const task = purpose.task === undefined ? "" : `task "${purpose.task}": `;
  return new MicroscalingError(code, `${task}${said}`, { cause: error });
}

/** The rule that allows the access, as it is written in a Role. */
export function ruleFor({ verb, group, resource }: Access): string {
  return `{ apiGroups: ["${group}"], resources: ["${resource}"], verbs: ["${verb}"] }`;
}

interface Explained {
  readonly code: ErrorCode;
  readonly said: string;
}

function explain(failure: ApiFailure, at: string, { doing, access }: Purpose): Explained {
  const words = failure.message;
  switch (failure.status) {
    case 401:
      return {
        code: "ERR_SCHEDULER_REFUSED",
        said: `Kubernetes at ${at} refuses the credentials (${words}); renew the token or certificate of the kubeconfig's user`,
      };
    case 403:
      return { code: "ERR_SCHEDULER_REFUSED", said: forbidden(words, at, doing, access) };
    case 404:
      return {
        code: "ERR_OBJECT_MISSING",
        said: `Kubernetes at ${at} cannot ${doing}: ${words}; create the object, or correct the task's workload`,
      };
    case 429:
    case 503:
    case 504:
      return {
        code: "ERR_SCHEDULER_UNREACHABLE",
        said: `Kubernetes at ${at} is too busy to ${doing} (${words}); trying again`,
      };
    default:
      return {
        code: "ERR_SCHEDULER_REFUSED",
        said: `Kubernetes at ${at} could not ${doing}: ${failure.status}, ${words}`,
      };
  }
}

/** An admission plugin also answers 403, and no rule helps in that case. */
function forbidden(words: string, at: string, doing: string, access: Access | undefined): string {
  const said = `Kubernetes at ${at} refused to ${doing}: ${words}`;
  if (access === undefined || !/ cannot /.test(words)) return said;
  const role =
    access.namespace === undefined
      ? "a ClusterRole of the agent"
      : `the agent's Role in namespace ${access.namespace}`;
  return `${said}; add to ${role}: ${ruleFor(access)}`;
}

/** The error if the server did not answer with HTTP. */
function explainSilence(error: unknown, at: string, { doing }: Purpose): Explained {
  const words = deepest(error);
  if (/alert (bad certificate|certificate required|handshake failure)/i.test(words)) {
    return {
      code: "ERR_SCHEDULER_REFUSED",
      said: `Kubernetes at ${at} requires a client certificate that it trusts (${words}); set client-certificate and client-key of the kubeconfig's user`,
    };
  }
  if (/certificate|self-signed|altnames/i.test(words)) {
    return {
      code: "ERR_SCHEDULER_REFUSED",
      said: `the certificate of Kubernetes at ${at} is not trusted (${words}); correct certificate-authority in the kubeconfig`,
    };
  }
  return {
    code: "ERR_SCHEDULER_UNREACHABLE",
    said: `Kubernetes at ${at} does not answer the request to ${doing} (${words}); check that it runs there, or choose another kubeconfig or context`,
  };
}

/** fetch and similar functions hide the cause behind "fetch failed". */
function deepest(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return deepest(error.errors[0]);
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message || String(error) : deepest(error.cause);
}

function parseStatus(body: string): { message?: string; reason?: string } {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return {};
    const message = "message" in parsed ? String(parsed.message) : undefined;
    const reason = "reason" in parsed ? String(parsed.reason) : undefined;
    return { ...(message && { message }), ...(reason && { reason }) };
  } catch {
    return {};
  }
}
