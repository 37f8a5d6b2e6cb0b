import { listPlugins } from "../config/index.ts";
import { fileOf, print, type ConfigOption } from "./context.ts";
import { EXIT } from "./exit-codes.ts";
import { formatTable } from "./table.ts";

/** The options of `plugins`. */
export interface PluginsOptions extends ConfigOption {
  readonly json?: boolean;
}

/** Lists the plugins that the config file or the agent can find. */
export async function pluginsCommand(options: PluginsOptions): Promise<number> {
  const plugins = await listPlugins({ ...fileOf(options.config), cwd: process.cwd() });
  if (options.json === true) print(JSON.stringify(plugins, null, 2));
  else if (plugins.length === 0)
    print(
      "No plugins are installed here. To install one, run for example: npm install @microscaling/scheduler-docker",
    );
  else
    print(
      formatTable({
        head: ["KIND", "NAME", "PACKAGE", "VERSION", "FOUND FROM"],
        rows: plugins.map((one) => [
          one.kind,
          one.name,
          one.package,
          one.version,
          one.resolvedFrom,
        ]),
        overflow: "wrap",
      }),
    );
  return EXIT.ok;
}
