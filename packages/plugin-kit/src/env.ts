import { MicroscalingError } from "@microscaling/core";

/**
 * The value of an environment variable; `undefined` if it is not set or empty.
 * @param expected what `form` accepts, for the message, such as `a URL`.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` if the value is something else. The message does not show it, because it may be a secret.
 */
export function fromEnv(
  name: string,
  expected: string,
  form: RegExp | ((value: string) => boolean),
): string | undefined {
  const value = process.env[name] ?? "";
  if (value === "") return undefined;
  if (typeof form === "function" ? form(value) : form.test(value)) return value;
  throw settingError(`${name}: expected ${expected}, found something else`);
}

/**
 * The value of an environment variable that must be set unless an option is.
 * @param option the name of the option, for the message, such as `` `account` ``.
 * @throws MicroscalingError `ERR_CONFIG_SETTING` if it is not set, and as {@link fromEnv} does.
 */
export function neededFromEnv(
  option: string,
  name: string,
  expected: string,
  form: RegExp | ((value: string) => boolean),
): string {
  const found = fromEnv(name, expected, form);
  if (found !== undefined) return found;
  throw settingError(
    `${name}: expected ${expected}, found none. Set it, or ${option} of the source`,
  );
}

function settingError(text: string): MicroscalingError {
  return new MicroscalingError("ERR_CONFIG_SETTING", text);
}
