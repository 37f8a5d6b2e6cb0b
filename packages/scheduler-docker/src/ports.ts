/** One published port, in the format of the Engine API. */
export interface Port {
  /** The port of the container, such as `80/tcp`. */
  readonly container: string;
  readonly binding: { readonly HostIp: string; readonly HostPort: string };
}

const PATTERN = /^(?:(?:(\d{1,3}(?:\.\d{1,3}){3}):)?(\d*)(?:-(\d+))?:)?(\d+)(?:\/(tcp|udp|sctp))?$/;

/**
 * Parses a port in the syntax of the `docker` command: `80` (any free host port), `8080:80`, `127.0.0.1:8080:80`, `53:53/udp`, or `8000-8010:80`,
 * where each container gets a free port of the range.
 * @returns `undefined` if it is none of these.
 */
export function parsePort(written: string): Port | undefined {
  const match = PATTERN.exec(written);
  if (match === null) return undefined;
  const [, ip = "", first = "", last, container = "", protocol = "tcp"] = match;
  const numbers = [container, first, last].filter((port) => port !== undefined && port !== "");
  if (!numbers.every((port) => Number(port) >= 1 && Number(port) <= 65_535)) return undefined;
  if (last !== undefined && (first === "" || Number(last) < Number(first))) return undefined;
  return {
    container: `${container}/${protocol}`,
    binding: { HostIp: ip, HostPort: last === undefined ? first : `${first}-${last}` },
  };
}
