/** How many numbers there are of each task. */
export const ROW_WIDTH = 25;

/**
 * The numbers that a target which learns keeps of each task, a row a task in one array: with ten thousand tasks, making objects of them
 * anew with every reading would take longer than all the rest. It is moved from task to task. What is not known is NaN.
 */
export class Row {
  /** Of all tasks, `ROW_WIDTH` each. */
  readonly numbers: Float64Array;
  /** Where the row of the task at hand begins. */
  #first = 0;

  constructor(numbers: Float64Array) {
    this.numbers = numbers;
  }

  /** To the row of the `task`-th task. */
  moveTo(task: number): this {
    this.#first = task * ROW_WIDTH;
    return this;
  }

  /** The newest look at the task: when it was, in milliseconds since the epoch; NaN before the first. */
  get at(): number {
    return this.numbers[this.#first]!;
  }
  set at(value: number) {
    this.numbers[this.#first] = value;
  }

  /** When the look before it was; the same as `at` while there is only one. */
  get lastAt(): number {
    return this.numbers[this.#first + 1]!;
  }
  set lastAt(value: number) {
    this.numbers[this.#first + 1] = value;
  }

  /** Jobs that waited at the newest look. */
  get waiting(): number {
    return this.numbers[this.#first + 2]!;
  }
  set waiting(value: number) {
    this.numbers[this.#first + 2] = value;
  }

  /** Jobs that an instance had. */
  get inFlight(): number {
    return this.numbers[this.#first + 3]!;
  }
  set inFlight(value: number) {
    this.numbers[this.#first + 3] = value;
  }

  /** Jobs that might not be taken yet. */
  get delayed(): number {
    return this.numbers[this.#first + 4]!;
  }
  set delayed(value: number) {
    this.numbers[this.#first + 4] = value;
  }

  /** The running total of jobs that have arrived. */
  get arrived(): number {
    return this.numbers[this.#first + 5]!;
  }
  set arrived(value: number) {
    this.numbers[this.#first + 5] = value;
  }

  /** The running total of jobs that were finished. */
  get finished(): number {
    return this.numbers[this.#first + 6]!;
  }
  set finished(value: number) {
    this.numbers[this.#first + 6] = value;
  }

  /** Instances that ran. */
  get running(): number {
    return this.numbers[this.#first + 7]!;
  }
  set running(value: number) {
    this.numbers[this.#first + 7] = value;
  }

  /** Jobs that have come since the first look, counted or guessed. */
  get arrivals(): number {
    return this.numbers[this.#first + 8]!;
  }
  set arrivals(value: number) {
    this.numbers[this.#first + 8] = value;
  }

  /** As many as that at the look before the newest. */
  get lastArrivals(): number {
    return this.numbers[this.#first + 9]!;
  }
  set lastArrivals(value: number) {
    this.numbers[this.#first + 9] = value;
  }

  /** Jobs that arrive a second, from counts of them. */
  get rate(): number {
    return this.numbers[this.#first + 10]!;
  }
  set rate(value: number) {
    this.numbers[this.#first + 10] = value;
  }

  /** How unsure that is. */
  get variance(): number {
    return this.numbers[this.#first + 11]!;
  }
  set variance(value: number) {
    this.numbers[this.#first + 11] = value;
  }

  /** Jobs that were finished, fading. */
  get jobs(): number {
    return this.numbers[this.#first + 12]!;
  }
  set jobs(value: number) {
    this.numbers[this.#first + 12] = value;
  }

  /** Instance-seconds of work that they took, fading. */
  get busySeconds(): number {
    return this.numbers[this.#first + 13]!;
  }
  set busySeconds(value: number) {
    this.numbers[this.#first + 13] = value;
  }

  /** 1 where the newest of them were too good to be true, and left out. */
  get isDoubtful(): number {
    return this.numbers[this.#first + 14]!;
  }
  set isDoubtful(value: number) {
    this.numbers[this.#first + 14] = value;
  }

  /** How long a start takes. */
  get startSeconds(): number {
    return this.numbers[this.#first + 15]!;
  }
  set startSeconds(value: number) {
    this.numbers[this.#first + 15] = value;
  }

  /** Instances that were requested at the last decision. */
  get requested(): number {
    return this.numbers[this.#first + 16]!;
  }
  set requested(value: number) {
    this.numbers[this.#first + 16] = value;
  }

  /** Changes that may be made now; below 0 when more was urgent. */
  get budget(): number {
    return this.numbers[this.#first + 17]!;
  }
  set budget(value: number) {
    this.numbers[this.#first + 17] = value;
  }

  /** When the task last went down, in milliseconds since the epoch. */
  get downAt(): number {
    return this.numbers[this.#first + 18]!;
  }
  set downAt(value: number) {
    this.numbers[this.#first + 18] = value;
  }

  /** When a job was last seen, in milliseconds since the epoch. */
  get jobAt(): number {
    return this.numbers[this.#first + 19]!;
  }
  set jobAt(value: number) {
    this.numbers[this.#first + 19] = value;
  }

  /** What was gone by: jobs that arrive a second. */
  get arrivalRate(): number {
    return this.numbers[this.#first + 20]!;
  }
  set arrivalRate(value: number) {
    this.numbers[this.#first + 20] = value;
  }

  /** Jobs a second that one busy instance finishes. */
  get serviceRate(): number {
    return this.numbers[this.#first + 21]!;
  }
  set serviceRate(value: number) {
    this.numbers[this.#first + 21] = value;
  }

  /** How long a start takes, those under way considered. */
  get startupSeconds(): number {
    return this.numbers[this.#first + 22]!;
  }
  set startupSeconds(value: number) {
    this.numbers[this.#first + 22] = value;
  }

  /** How long what waits takes to drain. */
  get drainSeconds(): number {
    return this.numbers[this.#first + 23]!;
  }
  set drainSeconds(value: number) {
    this.numbers[this.#first + 23] = value;
  }

  /** How long a job is to wait. */
  get expectedWaitSeconds(): number {
    return this.numbers[this.#first + 24]!;
  }
  set expectedWaitSeconds(value: number) {
    this.numbers[this.#first + 24] = value;
  }
}

/** Fills `rows` with those of the tasks of which the i-th was the `from[i]`-th before; −1: it was none. */
export function takeOverRows(
  rows: Float64Array,
  before: Float64Array,
  from: readonly number[],
): Float64Array {
  if (rows.length === 0 || before.length === 0) return rows;
  for (const [to, i] of from.entries()) {
    if (i >= 0) rows.set(before.subarray(i * ROW_WIDTH, (i + 1) * ROW_WIDTH), to * ROW_WIDTH);
  }
  return rows;
}
