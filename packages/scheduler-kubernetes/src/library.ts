// The little of the Kubernetes library that is used: kubeconfigs and the credentials they name. The build takes this in and nothing
// else, for with its thousand classes of objects the library costs 60 MB and half a second.
export { findHomeDir, KubeConfig } from "@kubernetes/client-node";
export { load as loadYaml } from "js-yaml";
