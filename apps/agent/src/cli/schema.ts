import { generateSchema } from "../config/index.ts";
import { fileOf, print, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { writeOwnFile } from "./write-file.ts";

/** The options of `schema`. */
export interface SchemaOptions extends ConfigOption {
  readonly output?: string;
}

/** In every schema that this command writes. */
const SCHEMA = /"title": "The config of Microscaling"/;

/** Prints the JSON Schema of the config file, or writes it to a file. */
export async function schemaCommand(options: SchemaOptions): Promise<number> {
  const schema = await generateSchema({ ...fileOf(options.config), cwd: process.cwd() });
  const text = `${JSON.stringify(schema, null, 2)}\n`;
  if (options.output === undefined) print(text);
  else {
    await writeOwnFile(options.output, text, SCHEMA);
    print(`wrote ${options.output}`);
  }
  return EXIT.ok;
}
