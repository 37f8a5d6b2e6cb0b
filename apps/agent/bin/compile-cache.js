import { lstatSync, mkdirSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";

/**
 * A folder for compiled code that nobody but this user and root can write to: what is in it is run. The shared temporary folder is no place
 * for it, since another user may have created the folder there first.
 *
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined} nothing when there is no such folder; the start is then a little slower
 */
export function privateCacheFolder(env) {
  const user = process.getuid?.();
  const base = cacheHome(env);
  if (user === undefined || base === undefined) return undefined;
  try {
    const folder = join(base, "microscaling", "compile-cache");
    assertPrivate(nearestFolder(folder), user);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Links are followed first, so that what is checked is what is used.
    const real = realpathSync(folder);
    assertPrivate(real, user);
    return real;
  } catch {
    return undefined;
  }
}

/**
 * @param {NodeJS.ProcessEnv} env
 * @returns {string | undefined}
 */
function cacheHome(env) {
  const written = env["XDG_CACHE_HOME"];
  if (written !== undefined && isAbsolute(written)) return written;
  const home = homedir();
  return isAbsolute(home) ? join(home, ".cache") : undefined;
}

/**
 * The nearest folder on the way to `folder` that exists.
 *
 * @param {string} folder
 * @returns {string}
 */
function nearestFolder(folder) {
  try {
    return realpathSync(folder);
  } catch {
    const up = dirname(folder);
    if (up === folder) throw new Error("there is no root folder");
    return nearestFolder(up);
  }
}

/**
 * @param {string} folder a real path: the folders on the way to it are looked at too
 * @param {number} user
 * @throws {Error} unless only `user` and root can change what is in the folder
 */
function assertPrivate(folder, user) {
  for (let path = folder; ; path = dirname(path)) {
    const { uid, mode } = lstatSync(path);
    const isOwn = uid === user || uid === 0;
    // In a sticky folder, such as /tmp, others can add entries but not replace ours.
    const isSticky = (mode & 0o1000) !== 0 && path !== folder;
    if (!isOwn || ((mode & 0o022) !== 0 && !isSticky))
      throw new Error(`others can write to ${path}`);
    if (path === dirname(path)) return;
  }
}
