import { runCommandLine } from "./cli/program.ts";

const code = await runCommandLine(process.argv.slice(2));
// Something a plugin left open must not keep the program; what was written must come out first.
process.stdout.write("", () => process.exit(code));
