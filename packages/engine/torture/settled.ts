import type { World } from "./world.ts";

/** Some time after the faults have ended. */
export function checkSettled(_world: World): void {}
