/** Whose container it is: the task's name. The original engine's label, so that its containers are found too. */
export const TASK_LABEL = "com.microscaling.microscaling-in-a-box";

/** Which agent's process made it. */
export const AGENT_LABEL = "com.microscaling.agent";

/** It is no instance: the agent of this label asks whether there is another one. */
export const KNOCK_LABEL = "com.microscaling.knock";

/** Which instance it is. Sorts by age, and tells a container that is being created from the ones in Docker's list. */
export const INSTANCE_LABEL = "com.microscaling.instance";
