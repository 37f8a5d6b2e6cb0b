export { loadConfig, type LoadedConfig } from "./config/index.ts";
