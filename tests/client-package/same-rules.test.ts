/** The client library and the page download no schemas: they repeat some rules of the protocol, which must agree with it. */
import { PostlineClient } from '@postline/client';
import { clientIdSchema, isGroupName } from '@postline/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readClientIds } from '../../web-client/src/page/client-id.ts';
import { readGroupName } from '../../web-client/src/page/group-id.ts';

const CHARACTERS = Array.from('aZ09._~:@|+-/é \n');
const someText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...CHARACTERS), maxLength: 5 }),
  fc.integer({ min: 120, max: 130 }).map((length) => 'x'.repeat(length)),
  fc.constantFrom('__proto__', 'constructor', 'group:', 'group:news'),
);

function acceptsClientId(clientId: string): boolean {
  try {
    new PostlineClient({ url: 'ws://127.0.0.1:1/', clientId, autoConnect: false });
    return true;
  } catch {
    return false;
  }
}

it('[PRO-1] [SDK-22] the client library and the page accept the client ids that the protocol accepts', () => {
  fc.assert(
    fc.property(someText, (id) => {
      const isValid = clientIdSchema.safeParse(id).success;
      expect([acceptsClientId(id), readClientIds(id).ok]).toEqual([isValid, isValid]);
    }),
    { numRuns: 2_000 },
  );
});

it('[PRO-1] [PAGE-13] the page accepts the names of groups that the protocol accepts, if a browser can send them', () => {
  fc.assert(
    fc.property(someText, (typed) => {
      const name = typed.replace(/^group:/, '');
      const isAddressable = name !== '.' && name !== '..';
      expect('name' in readGroupName(typed)).toBe(isGroupName(name) && isAddressable);
    }),
    { numRuns: 2_000 },
  );
});
