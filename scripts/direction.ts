// Checks that packages import only what they may, and that all have the same skeleton: node scripts/direction.ts [folder]
import { join } from "node:path";
import { dependencyFaults } from "./direction/dependencies.ts";
import { readPackages } from "./direction/packages.ts";
import { skeletonFaults } from "./direction/skeleton.ts";

const root = process.argv[2] ?? join(import.meta.dirname, "..");
const packages = readPackages(root);
const faults = packages.flatMap((one) => [...dependencyFaults(one), ...skeletonFaults(one)]);

for (const fault of faults) console.log(fault);
console.log(`${packages.length} packages, ${faults.length} faults`);
process.exitCode = faults.length === 0 && packages.length > 0 ? 0 : 1;
