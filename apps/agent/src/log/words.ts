/** `1 task`, `3 tasks`. */
export function countTasks(tasks: number): string {
  return tasks === 1 ? "1 task" : `${tasks} tasks`;
}
