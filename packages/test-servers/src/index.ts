export { spawnServer, type ServerProcess, type SpawnOptions } from "./process.ts";
