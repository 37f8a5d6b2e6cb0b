import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { RequestOptions } from "node:https";
import { isMicroscalingError, MicroscalingError } from "@microscaling/core";
import type { KubeConfig } from "@kubernetes/client-node";
import type { Dispatcher } from "undici";

import type { KubernetesOptions } from "./options.ts";
import { kubeconfigsOf, readToken, takeTokenFile } from "./token-files.ts";

type Tls = Pick<
  RequestOptions,
  "ca" | "cert" | "key" | "passphrase" | "servername" | "rejectUnauthorized"
>;

/** The credentials and connections of one kubeconfig, as it was read. */
export interface Client {
  readonly server: string;
  readonly namespace: string;
  readonly dispatch: (
    url: string,
    options: Omit<Dispatcher.RequestOptions, "origin" | "path"> & {
      readonly headers: Readonly<Record<string, string>>;
    },
  ) => Promise<Dispatcher.ResponseData>;
  /** The next request opens a new connection. What was begun goes on. */
  renew(): void;
  /** Breaks every connection. The next request opens a new one. */
  close(): Promise<void>;
}

type Options = Parameters<Client["dispatch"]>[1];

/**
 * The library reads kubeconfigs and gets credentials. Requests do not use it: version 2 creates a new undici agent for every request, so each call
 * opens a connection. Its watch also loses the message of a failure, and ends after 30 s without data. The library and undici are loaded on first
 * use, because `microscaling validate` does not need them.
 */
export async function createClient(options: KubernetesOptions): Promise<Client> {
  const [{ KubeConfig, findHomeDir, loadYaml }, undici] = await Promise.all([
    import("./library.ts"),
    import("undici"),
  ]);
  const library = { findHomeDir, loadYaml };
  const config = new KubeConfig();
  if (options.kubeconfig === undefined) loadUsual(config, library);
  else config.loadFromFile(options.kubeconfig);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const { server, namespace } = current(config);
  const tokenFile = takeTokenFile(config, options.kubeconfig, library);
  const all = new Set<Dispatcher>();
  /** Those that the server has answered by. */
  const answered = new WeakSet<Dispatcher>();
  let newest: { readonly mark: string; readonly dispatcher: Dispatcher } | undefined;

  /** What was begun by it goes on; nothing else is. */
  function retire(dispatcher: Dispatcher): void {
    if (newest?.dispatcher === dispatcher) newest = undefined;
    // It may be destroyed before it has ended.
    void dispatcher.close().then(
      () => all.delete(dispatcher),
      () => {},
    );
  }

  /** Creates a new agent when the certificates change, as those of files and exec plugins may do. */
  function dispatcherFor(tls: Tls): Dispatcher {
    const parts = Object.values(tls).map(String);
    const mark = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
    if (newest?.mark === mark) return newest.dispatcher;
    if (newest !== undefined) retire(newest.dispatcher);
    const dispatcher = makeDispatcher(config, tls, undici);
    all.add(dispatcher);
    newest = { mark, dispatcher };
    return dispatcher;
  }

  /** All requests that begin meanwhile share it: the library would run an exec plugin for each. */
  let applying: Promise<RequestOptions> | undefined;

  async function apply(): Promise<RequestOptions> {
    const given: RequestOptions = {};
    try {
      await config.applyToHTTPSOptions(given);
    } catch (error) {
      throw toConfigError(error, options);
    }
    if (tokenFile === undefined) return given;
    const Authorization = `Bearer ${await readToken(tokenFile)}`;
    return { ...given, headers: { ...withoutHoles(given.headers ?? {}), Authorization } };
  }

  async function send(url: string, request: Options, mayRepeat: boolean): Promise<Answer> {
    applying ??= apply().finally(() => (applying = undefined));
    const given = await applying;
    const { ca, cert, key, passphrase, servername, rejectUnauthorized } = given;
    const tls = { ca, cert, key, passphrase, servername, rejectUnauthorized };
    const dispatcher = dispatcherFor(tls);
    const headers = Object.assign({}, request.headers, credentials(given));
    try {
      const answer = await undici.request(url, { ...request, headers, dispatcher });
      answered.add(dispatcher);
      return answer;
    } catch (error) {
      if (isAborted(request)) throw error;
      // undici keeps a broken HTTP/2 session, and every later request fails with it.
      retire(dispatcher);
      if (!mayRepeat || !answered.has(dispatcher)) throw error;
      return send(url, request, false);
    }
  }

  return {
    server,
    namespace,
    // Only creating an object must not be done twice.
    dispatch: (url, request) => send(url, request, request.method !== "POST"),
    renew() {
      if (newest !== undefined) retire(newest.dispatcher);
    },
    async close() {
      newest = undefined;
      const old = [...all];
      all.clear();
      await Promise.all(old.map((one) => one.destroy()));
    },
  };
}

type Answer = Dispatcher.ResponseData;

function isAborted({ signal }: Options): boolean {
  return signal instanceof AbortSignal && signal.aborted;
}

/** Uses what kubectl uses, or the pod's own service account. The library would otherwise use http://localhost:8080. */
function loadUsual(config: KubeConfig, library: Parameters<typeof kubeconfigsOf>[1]): void {
  if (kubeconfigsOf(undefined, library).length === 0 && !existsSync(POD_TOKEN))
    throw new Error(
      "no kubeconfig found: $KUBECONFIG is not set, ~/.kube/config does not exist, and the agent does not run in a pod",
    );
  config.loadFromDefault();
}

/** Where Kubernetes puts the token of a pod's service account. */
const POD_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token";

function current(config: KubeConfig): { server: string; namespace: string } {
  const name = config.getCurrentContext();
  const context = config.getContextObject(name);
  const cluster = config.getCurrentCluster();
  if (context === null || cluster === null) {
    const known = config.getContexts().map((one) => `"${one.name}"`);
    throw new Error(
      `expected a context with a cluster, found ${name ? `"${name}"` : "none"}; known contexts: ${known.join(", ") || "none"}`,
    );
  }
  if (cluster.server.startsWith("http:") && !cluster.skipTLSVerify)
    throw new Error(
      `${cluster.server} has no TLS; use https, or set insecure-skip-tls-verify: true for the cluster`,
    );
  return { server: cluster.server.replace(/\/$/, ""), namespace: context.namespace ?? "default" };
}

/** How long a connection may take to open, in milliseconds. undici would wait for 10 s. */
const CONNECT_MS = 3000;

/** Uses HTTP/2 if the server supports it: one connection for all requests and watches, as kubectl and the controllers do. */
function makeDispatcher(
  config: KubeConfig,
  tls: Tls,
  { Agent, ProxyAgent, Socks5ProxyAgent }: typeof import("undici"),
): Dispatcher {
  const made = config.createDispatcherOptions(config.getCurrentCluster(), tls);
  const timeout = CONNECT_MS;
  if (made.type === "none") return new Agent({ connect: { timeout } });
  if (made.type === "agent") {
    return new Agent({ connect: { ...withoutHoles(made.connect), preferH2: true, timeout } });
  }
  const requestTls = withoutHoles(made.requestTls);
  if (made.type === "proxy") return new ProxyAgent({ uri: made.uri, requestTls });
  return new Socks5ProxyAgent(made.uri, { requestTls });
}

/** undici's types require that an option that is not set is absent. */
function withoutHoles(options: object): Record<string, never> {
  const kept: Record<string, never> = {};
  for (const [name, value] of Object.entries(options))
    if (value !== undefined) Object.assign(kept, { [name]: value });
  return kept;
}

function credentials({ headers, auth }: RequestOptions): Record<string, string> {
  const all: Record<string, string> = auth == null ? {} : { authorization: `Basic ${btoa(auth)}` };
  for (const [name, value] of Object.entries(headers ?? {})) all[name] = String(value);
  return all;
}

export function toConfigError(
  error: unknown,
  { kubeconfig }: KubernetesOptions,
): MicroscalingError {
  if (isMicroscalingError(error)) return error;
  const words = error instanceof Error ? error.message : String(error);
  const file = kubeconfig === undefined ? "the kubeconfig" : `the kubeconfig ${kubeconfig}`;
  return new MicroscalingError(
    "ERR_SCHEDULER_REFUSED",
    `${file} cannot be used: ${words}; correct scheduler.kubeconfig or scheduler.context`,
    { cause: error },
  );
}
