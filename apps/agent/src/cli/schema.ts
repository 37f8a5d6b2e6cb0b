import { generateSchema } from "../config/index.ts";
import { fileOf, print, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { writeNewFile } from "./write-file.ts";

/** The options of `schema`. */
export interface SchemaOptions extends ConfigOption {
  readonly output?: string;
}

/** Prints the JSON Schema of the config file, or writes it to a file, which it may replace: it is generated. */
export async function schemaCommand(options: SchemaOptions): Promise<number> {
  const schema = await generateSchema({ ...fileOf(options.config), cwd: process.cwd() });
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (options.output === undefined) print(text);
  else {
    await writeNewFile(options.output, text, { force: true });
    print(`wrote ${options.output}`);
  }
  return EXIT.ok;
}
