export { spawnServer, type ServerProcess, type SpawnOptions } from "./process.ts";
export { buildNsq, nsqProblem } from "./build-nsq.ts";
export {
  createChannel,
  createTopic,
  emptyChannel,
  pauseChannel,
  pauseTopic,
  publish,
  publishDeferred,
  startNsqd,
  startNsqlookupd,
  type Nsqd,
  type NsqdOptions,
  type Nsqlookupd,
} from "./nsqd.ts";
export { dockerProblem, startDocker, type DockerOptions, type DockerServer } from "./docker.ts";
export { buildWorkerImage, WORKER_IMAGE, type WorkerImage } from "./worker-image.ts";
export { askDocker } from "./docker-api.ts";
export {
  clearAzureQueue,
  createAzureKey,
  createAzureQueue,
  deleteAzureQueue,
  sendToAzureQueue,
  startAzurite,
  takeFromAzureQueue,
  type Azurite,
  type AzuriteOptions,
} from "./azurite.ts";
export { buildElasticmq, elasticmqProblem, startElasticmq, type Elasticmq } from "./elasticmq.ts";
export { startFauxqs, type Fauxqs } from "./fauxqs.ts";
export { startSqsGate, type SqsGate, type SqsRequest } from "./sqs-gate.ts";
export {
  createQueue,
  deleteQueue,
  purgeQueue,
  receiveMessages,
  sendMessages,
  type SqsQueue,
} from "./sqs.ts";
export { buildKubernetes, kubernetesProblem } from "./build-kubernetes.ts";
export { startKubernetes, type Kubernetes } from "./kubernetes.ts";
export type { Kubelet } from "./kubelet.ts";
export {
  askKubernetes,
  watchKubernetes,
  type KubernetesAccess,
  type KubernetesRequest,
} from "./kubernetes-api.ts";
export { startMarathon, type Marathon, type MarathonOptions } from "./marathon/index.ts";
