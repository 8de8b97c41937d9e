import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';

export const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));

/** A Kubernetes object, as far as every kind has the same fields. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Labels };
  readonly spec?: unknown;
}

export type Labels = Readonly<Record<string, string>>;

interface Kustomization {
  readonly resources: readonly string[];
  readonly configMapGenerator: readonly { readonly name: string; readonly envs: readonly string[] }[];
}

/** The documents of a YAML text, by the rules of YAML 1.1 that Kubernetes has (`0440` is octal). Throws on a wrong one. */
export function parseManifests(text: string): Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw error;
    return document.toJS() as Manifest;
  });
}

function kustomization(): Kustomization {
  const [first] = parseManifests(readFileSync(join(FOLDER, 'kustomization.yaml'), 'utf8'));
  return first as unknown as Kustomization;
}

/** The objects in the files that the kustomization lists, as they are written. */
export function readManifests(): Manifest[] {
  return kustomization().resources.flatMap((file) =>
    parseManifests(readFileSync(join(FOLDER, file), 'utf8')),
  );
}

/** What becomes the ConfigMap of this name: `NAME=value` lines. */
export function readSettings(name: string): Record<string, string> {
  const files = kustomization().configMapGenerator.find((map) => map.name === name)?.envs ?? [];
  const lines = files.flatMap((file) => readFileSync(join(FOLDER, file), 'utf8').split('\n'));
  const settings = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    settings.map((line) => {
      const [name = '', ...value] = line.split('=');
      return [name, value.join('=')] as const;
    }),
  );
}
