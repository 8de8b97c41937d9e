import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { apiProcessEnvironment } from '@postline/api-server';
import {
  drainPeriodMs,
  readSettings as readEnvironment,
  sharedSettings,
  VERSION,
} from '@postline/service-runtime';
import { relayProcessEnvironment } from '@postline/websocket-server';
import type { IIoK8sApiAppsV1Deployment } from 'kubernetes-models/apps/v1';
import { describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import {
  FOLDER,
  type Labels,
  type Manifest,
  parseManifests,
  readManifests,
  readSettings,
} from './manifests.ts';
import { schemaFaults } from './schema-faults.ts';

const MANIFESTS = readManifests();
const SERVICES = ['api-server', 'websocket-server'] as const;
const SETTINGS = readSettings('postline-settings');
/** Between the exit and the kill, for a busy machine. */
const SPARE_MS = 3_000;

/** What the tests read of specs, of whatever kind. */
interface Spec {
  readonly selector?: Labels & { readonly matchLabels?: Labels };
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly scaleTargetRef?: object;
}

function find(kind: string, name: string): Manifest & { readonly spec: Spec } {
  const found = MANIFESTS.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);
  if (found === undefined) throw new Error(`there is no ${kind} ${name}`);
  return { ...found, spec: found.spec as Spec };
}

function podOf(service: string) {
  const { template } = find('Deployment', service).spec as unknown as NonNullable<
    IIoK8sApiAppsV1Deployment['spec']
  >;
  const [container, ...others] = template.spec?.containers ?? [];
  if (template.spec === undefined || container === undefined) throw new Error(`${service} has no container`);
  expect(others).toEqual([]);
  return { labels: template.metadata?.labels as Labels, spec: template.spec, container };
}

describe('schemas', () => {
  it.each(MANIFESTS.map((manifest) => [manifest.kind, manifest.metadata.name, manifest] as const))(
    '[OPS-22] %s %s matches the published schema',
    (_kind, _name, manifest) => {
      expect(schemaFaults(manifest)).toEqual([]);
    },
  );

  it('find a misspelt field, a wrong type, a missing field and an unknown kind', () => {
    const changed = (from: string, to: string) =>
      schemaFaults(
        JSON.parse(JSON.stringify(find('Deployment', 'api-server')).replace(from, to)) as Manifest,
      );
    expect(changed('"livenessProbe"', '"livenesProbe"')).toEqual([
      '/spec/template/spec/containers/0/livenesProbe is not a field of the schema',
    ]);
    expect(changed('"periodSeconds":10', '"periodSeconds":"10"')).toEqual([
      expect.stringContaining('periodSeconds'),
    ]);
    expect(changed('"selector"', '"selektor"')).toEqual([expect.stringContaining('selector')]);
    expect(changed('"apps/v1"', '"apps/v1beta1"')).toEqual(['no schema of apps/v1beta1 Deployment']);
  });
});

describe.each(SERVICES)('%s', (service) => {
  it('[OPS-22] has a Service, a disruption budget, a network policy and an autoscaler for its pods', () => {
    const { labels } = podOf(service);
    const selectors = [
      find('Service', service).spec.selector,
      find('Deployment', service).spec.selector?.matchLabels,
      find('PodDisruptionBudget', service).spec.selector?.matchLabels,
      find('NetworkPolicy', service).spec.podSelector?.matchLabels,
    ];
    expect(selectors).toEqual(selectors.map(() => labels));
    const { scaleTargetRef } = find('HorizontalPodAutoscaler', service).spec;
    expect(scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: service });
  });

  it('[OPS-22] is scraped', () => {
    interface MonitorSpec {
      readonly selector: { readonly matchExpressions: readonly { key: string; values: string[] }[] };
      readonly endpoints: readonly { readonly port: string; readonly path: string }[];
    }
    const { selector, endpoints } = find('ServiceMonitor', 'postline').spec as unknown as MonitorSpec;
    const { labels } = find('Service', service).metadata;
    for (const { key, values } of selector.matchExpressions) expect(values).toContain(labels?.[key]);
    expect(endpoints).toMatchObject([{ port: 'http', path: '/metrics' }]);
    expect(find('Service', service).spec).toMatchObject({ ports: [{ name: 'http' }] });
  });

  it('[OPS-22] runs as an ordinary user, without capabilities, on a read-only file system', () => {
    const { spec, container } = podOf(service);
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
  });

  it('[OPS-22] is probed on /healthz and /readyz of the port that it listens on', () => {
    const { container } = podOf(service);
    const [, port] = /ENV PORT=(\d+)/.exec(dockerfileOf(service)) ?? [];
    expect(container.ports).toEqual([{ name: 'http', containerPort: Number(port) }]);
    expect(container.livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'http' });
    expect(container.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'http' });
    expect(find('NetworkPolicy', service).spec).toMatchObject({
      ingress: [{ ports: [{ protocol: 'TCP', port: Number(port) }] }],
    });
  });

  it('[OPS-22] [OPS-21] has time to drain and to close before it is killed', () => {
    const env = readEnvironment(z.object(sharedSettings), SETTINGS);
    const graceMs = (podOf(service).spec.terminationGracePeriodSeconds ?? 0) * 1_000;
    expect(drainPeriodMs(env)).toBeGreaterThanOrEqual(5_000);
    expect(drainPeriodMs(env)).toBeLessThanOrEqual(env.SHUTDOWN_DEADLINE_MS / 2);
    expect(env.SHUTDOWN_DEADLINE_MS + SPARE_MS).toBeLessThanOrEqual(graceMs);
  });

  it('[OPS-22] is given settings that it knows, and secrets as files that are mounted', () => {
    const known = service === 'api-server' ? apiProcessEnvironment : relayProcessEnvironment;
    const { container, spec } = podOf(service);
    const env = container.env ?? [];
    expect(Object.keys(known)).toEqual(
      expect.arrayContaining([...Object.keys(SETTINGS), ...env.map(({ name }) => name)]),
    );
    const [mount] = container.volumeMounts ?? [];
    const items = spec.volumes?.[0]?.secret?.items ?? [];
    expect(env.map(({ value }) => value)).toEqual(
      items.map(({ path }) => `${mount?.mountPath ?? ''}/${path}`),
    );
    expect(mount).toMatchObject({ name: spec.volumes?.[0]?.name, readOnly: true });
  });
});

/** The part of the Dockerfile that makes the image of a service. */
function dockerfileOf(service: string): string {
  const text = readFileSync(new URL('../../Dockerfile', import.meta.url), 'utf8');
  return text.split(/^FROM /m).find((stage) => stage.startsWith(`runtime AS ${service}\n`)) ?? '';
}

const KUBECTL = spawnSync('kubectl', ['version', '--client']).status === 0;

/** What `kubectl kustomize` makes of a folder. */
function kustomized(folder: string): string {
  const { stdout, stderr, status } = spawnSync('kubectl', ['kustomize', folder], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

const imagesIn = (text: string) => Array.from(text.matchAll(/ image: (\S+)/g), ([, image]) => image);

describe('kustomize', () => {
  it.skipIf(!KUBECTL)(
    '[OPS-22] `kubectl kustomize` builds all of it, in one namespace (needs kubectl)',
    () => {
      const stdout = kustomized(FOLDER);
      const built = parseManifests(stdout);
      const names = (manifests: readonly Manifest[]) =>
        manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`).sort();
      const settings = built.filter(({ kind }) => kind === 'ConfigMap');
      expect(settings).toMatchObject([{ data: SETTINGS }]);
      expect(names(built.filter(({ kind }) => kind !== 'ConfigMap'))).toEqual(names(MANIFESTS));
      expect(built.flatMap(schemaFaults)).toEqual([]);
      const placed = built.filter(({ kind }) => kind !== 'Namespace');
      expect(placed.map(({ metadata }) => metadata)).toEqual(
        placed.map(() => expect.objectContaining({ namespace: 'postline' }) as unknown),
      );
      expect(stdout).toContain(`name: ${settings[0]?.metadata.name ?? 'none'}`);
    },
  );

  it.skipIf(!KUBECTL)('[OPS-22] no image has a registry until somebody names one (needs kubectl)', () => {
    expect(imagesIn(kustomized(FOLDER))).toEqual(
      SERVICES.map((name) => `registry.invalid/postline-${name}:${VERSION}`),
    );
  });

  it.skipIf(!KUBECTL)(
    '[OPS-22] the overlay of the document names images and settings (needs kubectl)',
    () => {
      const text = readFileSync(new URL('../../docs/kubernetes.md', import.meta.url), 'utf8');
      const [, overlay = ''] = /```yaml\n(# my-postline\/.+?)```/s.exec(text) ?? [];
      const folder = mkdtempSync(join(tmpdir(), 'postline-overlay-'));
      onTestFinished(() => {
        rmSync(folder, { recursive: true });
      });
      const base = relative(realpathSync(folder), realpathSync(FOLDER));
      writeFileSync(join(folder, 'kustomization.yaml'), overlay.replace('../deploy/kubernetes', base));
      const built = kustomized(folder);
      expect(imagesIn(built)).toEqual(SERVICES.map((name) => `registry.example/postline-${name}:${VERSION}`));
      expect(built).toContain('ALLOWED_ORIGINS: https://shop.example');
    },
  );
});
