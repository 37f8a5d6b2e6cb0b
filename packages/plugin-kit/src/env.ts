import { MicroscalingError } from "@microscaling/core";

/**
 * The value of an environment variable; `undefined` when it is not set or empty.
 * @param form what `isRight` accepts, for the message: `a URL`.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` when it is something else. The value is not shown, since it may be a secret.
 */
export function fromEnv(
  name: string,
  form: string,
  isRight: (value: string) => boolean,
): string | undefined {
  const value = process.env[name] ?? "";
  if (value === "") return undefined;
  if (isRight(value)) return value;
  throw new MicroscalingError(
    "ERR_CONFIG_SETTING",
    `${name}: expected ${form}, found something else`,
  );
}
