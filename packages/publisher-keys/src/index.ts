export {
  createPublisherKey,
  type NewPublisherKey,
  type NewPublisherKeyOptions,
} from './create-publisher-key.ts';
export { checkPublisherKeys, publisherKeysEnvironment } from './publisher-keys-settings.ts';
export {
  isPublisherName,
  KEY_SCOPES,
  keyDigest,
  type KeyScope,
  mayAddress,
  parseKeyScopes,
  parsePublisherKeys,
  type Publisher,
  PublisherKeys,
} from './publisher-keys.ts';
