import type { StandardSchema } from "@microscaling/core";

/** What a schema makes of what is written. @throws Error with its words. */
export async function checked<T>(schema: StandardSchema<T>, written: unknown): Promise<T> {
  const result = await schema["~standard"].validate(written);
  if (result.issues !== undefined) throw new Error(JSON.stringify(result.issues));
  return result.value;
}
