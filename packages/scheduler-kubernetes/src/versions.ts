/**
 * Whether a resource version is newer than another of the same resource. Versions are whole numbers that only go up, of more digits than a
 * number holds; where they are not, nothing is known, and what the watch told is taken for newer.
 */
export function isNewer(version: string, than: string): boolean {
  if (!/^\d+$/.test(version) || !/^\d+$/.test(than)) return version !== than;
  return version.length === than.length ? version > than : version.length > than.length;
}
