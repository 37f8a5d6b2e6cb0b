import { MicroscalingError, type ErrorCode } from "@microscaling/core";
import { fieldsOf, objectsOf } from "@microscaling/plugin-kit";

/** Any answer of Marathon. */
export interface Answer {
  readonly status: number;
  /** The JSON of the body; `undefined` if the body is not JSON. */
  readonly json: unknown;
  /** The master that answered, as the user wrote it. */
  readonly from: string;
}

/** The request, for the message of a refusal. */
export interface Purpose {
  /** As the end of "may not": `scale app /prod/worker`. */
  readonly doing: string;
  readonly task?: string;
}

/** Converts an unsuccessful answer to an error with the request, Marathon's words, and what to do. */
export function toError(answer: Answer, { doing, task }: Purpose): MicroscalingError {
  const { code, found } = explain(answer);
  const about = task === undefined ? "" : `task "${task}": `;
  return new MicroscalingError(code, `${about}cannot ${doing}: ${answer.from} ${found}`);
}

function explain({ status, json }: Answer): { readonly code: ErrorCode; readonly found: string } {
  const said = wordsOf(json);
  const answered = `answered ${status}${said === "" ? "" : ` (${said})`}`;
  const refused = (todo: string): { readonly code: ErrorCode; readonly found: string } => ({
    code: "ERR_SCHEDULER_REFUSED",
    found: `${answered}; ${todo}`,
  });
  if (status === 401)
    return refused(
      "check the credentials: `username` and `password`, `token` or `dcos` of `scheduler:`",
    );
  if (status === 403) return refused("let the account view and update the app");
  if (status === 404) return refused("check `url` of `scheduler:`, and check that the app exists");
  if (status === 422) return refused("Marathon's rules for the app forbid this change");
  if (status >= 500)
    return { code: "ERR_SCHEDULER_UNREACHABLE", found: `${answered}; trying again` };
  return refused("check that `url` of `scheduler:` is the address of a Marathon");
}

/** The error for an answer with status 200 that Marathon would not give. */
export function unusable(from: string, expected: string): MicroscalingError {
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${from}: expected ${expected}, found something else; check that \`url\` of \`scheduler:\` is the address of a Marathon`,
  );
}

const LONGEST = 300;

/** Marathon's message, with the paths and rules in it. Nothing if the body is empty or a web page, because that does not help. */
function wordsOf(json: unknown): string {
  const { message, details } = fieldsOf(json);
  const words = typeof message === "string" ? message : "";
  const more = objectsOf(details).map(({ path, errors }) => {
    return `${String(path)}: ${Array.isArray(errors) ? errors.join(", ") : String(errors)}`;
  });
  return [words, ...more]
    .filter((text) => text !== "")
    .join("; ")
    .slice(0, LONGEST);
}

/** The ids of the deployments that lock the app. Empty if the 409 has another reason. */
export function locksOf({ status, json }: Answer): readonly string[] {
  const { deployments } = fieldsOf(json);
  if (status !== 409) return [];
  return objectsOf(deployments).flatMap(({ id }) => (typeof id === "string" ? [id] : []));
}

/** Whether Marathon refuses the request because 100 deployments run. Marathon also uses 403 for that. */
export function isCrowded({ status, json }: Answer): boolean {
  return status === 403 && /max number .*deployments/i.test(wordsOf(json));
}
