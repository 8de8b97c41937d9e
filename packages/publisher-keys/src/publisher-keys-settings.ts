import { fileSetting } from '@postline/service-runtime';
import { z } from 'zod';
import { parsePublisherKeys, type PublisherKeys } from './publisher-keys.ts';

function addKeys(text: string, context: z.core.$RefinementCtx): PublisherKeys {
  const keys = parsePublisherKeys(text);
  if (keys.ok) return keys.value;
  context.addIssue({ code: 'custom', message: keys.error });
  return z.NEVER;
}

/** Settings for checking keys, by the name of the environment variable. */
export const publisherKeysEnvironment = {
  PUBLISH_KEYS: z.string().transform(addKeys).optional().meta({
    description:
      'Comma-separated keys of publishers, each `name:sha256hex[;scope…]`, with scopes `publish`, `batch`, `read`, `members`, `manage`, `prefix=<start of target ids>`. Default scopes: publish and batch. `npm run keys -- new NAME` creates one. Not checked if `AUTH=open`.',
  }),
  PUBLISH_KEYS_FILE: fileSetting().transform(addKeys).optional().meta({
    description: 'File with the keys instead, one per line; lines that start with `#` are comments.',
  }),
};

interface KeySettings {
  readonly PUBLISH_KEYS?: PublisherKeys | undefined;
  readonly PUBLISH_KEYS_FILE?: PublisherKeys | undefined;
}

/** With two lists it would be unclear which one applies. */
export function checkPublisherKeys(settings: KeySettings, context: z.core.$RefinementCtx): void {
  if (settings.PUBLISH_KEYS === undefined || settings.PUBLISH_KEYS_FILE === undefined) return;
  const message = 'must not be set together with PUBLISH_KEYS';
  context.addIssue({ code: 'custom', path: ['PUBLISH_KEYS_FILE'], message });
}
