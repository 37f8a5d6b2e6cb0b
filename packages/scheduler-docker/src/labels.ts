/** Whose container it is: the task's name. The original engine's label, so that its containers are found too. */
export const TASK_LABEL = "com.microscaling.microscaling-in-a-box";

/** Which agent's process made it: unlike any other, and in the order of their starts. */
export const AGENT_LABEL = "com.microscaling.agent";

/** Which instance it is. Sorts by age, and tells a container that is being created from the ones in Docker's list. */
export const INSTANCE_LABEL = "com.microscaling.instance";
