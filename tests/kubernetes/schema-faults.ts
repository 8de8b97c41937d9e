import { ServiceMonitor } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1';
import { Deployment } from 'kubernetes-models/apps/v1';
import { HorizontalPodAutoscaler } from 'kubernetes-models/autoscaling/v2';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Service } from 'kubernetes-models/v1';
import type { Manifest } from './manifests.ts';

/** Validators made from the schemas that Kubernetes 1.33 and the Prometheus Operator publish. */
const MODELS = [
  ConfigMap,
  Deployment,
  HorizontalPodAutoscaler,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  Service,
  ServiceMonitor,
];

/**
 * What the published schema of its kind says against an object; empty if it is valid. The schemas allow fields that they
 * don't know, which the server drops or refuses: those are faults here too.
 */
export function schemaFaults(manifest: Manifest): string[] {
  const { apiVersion, kind } = manifest;
  const model = MODELS.find((one) => one.apiVersion === apiVersion && one.kind === kind);
  if (model === undefined) return [`no schema of ${apiVersion} ${kind}`];
  const reads = new Set<string>();
  const validate = Object.getOwnPropertyDescriptor(model.prototype, 'validate')?.value as (
    this: object,
  ) => void;
  try {
    validate.call(observed(manifest, '', reads));
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return unreadFields(manifest, '', reads);
}

/** The value; `reads` collects the paths that are read of it. A validator reads every field that its schema knows. */
function observed<T extends object>(value: T, path: string, reads: Set<string>): T {
  return new Proxy(value, {
    get: (target, name) => {
      const place = `${path}/${String(name)}`;
      const field: unknown = Reflect.get(target, name);
      reads.add(place);
      return isObject(field) ? observed(field, place, reads) : field;
    },
  });
}

function unreadFields(value: object, path: string, reads: ReadonlySet<string>): string[] {
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    const place = `${path}/${name}`;
    if (!reads.has(place)) return [`${place} is not a field of the schema`];
    return isObject(field) ? unreadFields(field, place, reads) : [];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
