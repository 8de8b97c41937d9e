import { apiProcessEnvironment } from '@postline/api-server';
import { unknownVariables } from '@postline/service-runtime';
import { relayProcessEnvironment } from '@postline/websocket-server';
import { expect, it } from 'vitest';
import { standaloneProcessEnvironment } from '../src/configuration.ts';

const SERVICES = {
  api: Object.keys(apiProcessEnvironment),
  relay: Object.keys(relayProcessEnvironment),
  standalone: Object.keys(standaloneProcessEnvironment),
};

it("[STA-3] no service takes another's setting for a misspelled one of its own", () => {
  const env = Object.fromEntries(
    Object.values(SERVICES).flatMap((names) => names.map((name) => [name, 'x'])),
  );
  for (const names of Object.values(SERVICES)) {
    for (const name of Object.keys(env)) {
      if (!names.includes(name)) expect(unknownVariables(names, { [name]: 'x' })).toEqual([]);
    }
  }
});
