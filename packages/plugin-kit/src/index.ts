export { count, countText, parseAnswer, unusable, type AnswerPlace } from "./answers.ts";
export { createBackOff, type BackOff } from "./back-off.ts";
export { fromEnv, neededFromEnv } from "./env.ts";
export {
  closedError,
  errorAt,
  faultError,
  isTlsError,
  linesOf,
  networkFault,
  statusFault,
  wordsOf,
  type Fault,
  type PluginKind,
  type Settings,
} from "./faults.ts";
export { readOptionFile, readTlsFiles, type TlsFiles } from "./files.ts";
export {
  createHttpClient,
  type HttpAnswer,
  type HttpAuth,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  type HttpStream,
  type JsonRequest,
} from "./http.ts";
export {
  excerpt,
  fieldsOf,
  isCount,
  isFields,
  countIn,
  jsonLines,
  memberIn,
  objectsIn,
  textIn,
  objectsOf,
  tryJson,
  type Fields,
} from "./json.ts";
export { loadOptional } from "./load.ts";
export {
  answerMs,
  createQueueMetric,
  orFailure,
  type Asking,
  type QueueAnswer,
  type QueueSource,
} from "./queue-metric.ts";
export { sumParts, type SomeParts } from "./parts.ts";
export { createSayOnce, type SayOnce } from "./say-once.ts";
export {
  atMostOne,
  basicAuth,
  duration,
  HTTP_ADDRESS_FORM,
  httpAddresses,
  httpUrl,
  isHttpAddress,
  isHttpUrl,
  secret,
  text,
  tlsFiles,
  username,
  type BasicAuth,
} from "./schemas.ts";
