/** Above this many busy instances, the number is estimated, because counting up to it would take too long. */
const MOST_EXACT = 100_000;
/** With this multiple of the square root of the busy instances in addition, hardly one job in a thousand waits at all (Halfin and Whitt, 1981). */
const SPARE = 3.1;

/**
 * The fewest instances with which at most the fraction `late` of all jobs waits longer than `within`, for Poisson arrivals and exponential service
 * times: the least N > R = λ/μ with C(N, R) · e^(−(Nμ − λ)·within) ≤ late. C is Erlang's C, computed from B by its recursion
 * B(0) = 1, B(k) = R·B(k−1) / (k + R·B(k−1)), which is stable for any size: C = N·B / (N − R·(1 − B)).
 *
 * @param arrivalRate λ, jobs per second, ≥ 0
 * @param serviceRate μ, jobs per second that one instance finishes, > 0
 * @param within seconds, ≥ 0
 * @param late in (0, 1)
 * @param most the limit of the search
 */
export function erlangInstances(
  arrivalRate: number,
  serviceRate: number,
  within: number,
  late: number,
  most: number,
): number {
  if (arrivalRate <= 0) return 0;
  const load = arrivalRate / serviceRate;
  if (load >= most) return most;
  if (load > MOST_EXACT) {
    // If every job had to wait, this many more instances would let them begin in time.
    const inTime = Math.log(1 / late) / (serviceRate * within);
    return Math.min(most, Math.ceil(load + Math.min(inTime, SPARE * Math.sqrt(load))));
  }
  let blocked = 1;
  for (let n = 1; n < most; n++) {
    blocked = (load * blocked) / (n + load * blocked);
    if (n <= load) continue;
    const waits = (n * blocked) / (n - load * (1 - blocked));
    if (waits * Math.exp(-(n * serviceRate - arrivalRate) * within) <= late) return n;
  }
  return most;
}
