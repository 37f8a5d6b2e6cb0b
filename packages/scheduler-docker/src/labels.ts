/** The name of the task that a container belongs to. The original engine has the same label, so that its containers are found too. */
export const TASK_LABEL = "com.microscaling.microscaling-in-a-box";

/** The agent process that created the container. */
export const AGENT_LABEL = "com.microscaling.agent";

/** Marks a container that is not an instance: the agent with this label asks whether another agent exists. */
export const KNOCK_LABEL = "com.microscaling.knock";

/** The instance of a container. Sorts by age, and identifies containers that are being created in Docker's list. */
export const INSTANCE_LABEL = "com.microscaling.instance";
