import { expect, it } from 'vitest';
import { unknownVariables } from '../../src/settings/unknown-variables.ts';

const KNOWN = ['PORT', 'HOST', 'AUTH', 'DATA_DIR', 'DATABASE_URL', 'PUBLISH_KEYS', 'LOG_LEVEL', 'REDIS_URL'];

it.each([
  ['PULISH_KEYS', 'PUBLISH_KEYS'],
  ['PUBLISH_KEY', 'PUBLISH_KEYS'],
  ['DATABASE_ULR', 'DATABASE_URL'],
  ['DATABSE_URLS', 'DATABASE_URL'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['data_dir', 'DATA_DIR'],
  ['POSTLINE_AUTH', 'AUTH'],
])('[STA-3] %s: did you mean %s?', (name, meant) => {
  expect(unknownVariables(KNOWN, { [name]: 'x' })).toEqual([
    `${name}: is not a setting; did you mean ${meant}?`,
  ]);
});

it('[STA-3] says nothing of a usual environment', () => {
  const env = {
    ...process.env,
    HOSTNAME: 'h',
    PORTS: '1',
    HOSTS: 'h',
    OAUTH: '1',
    DATABASE_USER: 'u',
    DATABASE_HOST: 'h',
    DATABASE_PORT: '3306',
    REDIS_PORT: '6379',
    POSTLINE_PORT: 'tcp://10.0.0.7:8080',
    POSTLINE_SERVICE_HOST: '10.0.0.7',
    KUBERNETES_SERVICE_HOST: '10.0.0.1',
    npm_config_loglevel: 'silent',
  };
  expect(unknownVariables(KNOWN, env)).toEqual([]);
});

it('[STA-3] says nothing where the setting itself has a value', () => {
  expect(unknownVariables(KNOWN, { REDIS_URL: 'redis://a', REDIS_URI: 'redis://b' })).toEqual([]);
});
