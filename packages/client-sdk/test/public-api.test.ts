import type { HttpErrorCode } from '@postline/protocol';
import { describe, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import type * as browser from '../src/index.ts';
import * as node from '../src/node.ts';
import type {
  ClientState,
  Cursor,
  CursorStore,
  Message,
  PostlineClientOptions,
  PostlineError,
} from '../src/node.ts';

const WHO = { url: 'ws://localhost:3000', clientId: 1 };

/** Never called: `npm run check` compiles it, and so checks the types. */
function typesOf(): void {
  const texts = new node.PostlineClient(WHO);
  expectTypeOf(texts).toEqualTypeOf<node.PostlineClient>();
  texts.on('message', (message) => expectTypeOf(message).toEqualTypeOf<Message>());
  texts.on('state', (state) => expectTypeOf(state).toEqualTypeOf<ClientState>());
  texts.on('error', (error) => expectTypeOf(error).toEqualTypeOf<PostlineError>());
  expectTypeOf(texts.on('truncated', () => undefined)).toEqualTypeOf<() => void>();
  // @ts-expect-error there is no such event
  texts.on('news', () => undefined);

  const orders = new node.PostlineClient({ ...WHO, parse: z.object({ order: z.int() }) });
  orders.on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<{ order: number }>());
  const lengths = new node.PostlineClient({ ...WHO, parse: (text) => text.length });
  lengths.on('message', ({ data }) => expectTypeOf(data).toEqualTypeOf<number>());
  // @ts-expect-error a payload that is no string needs a parse
  new node.PostlineClient<{ order: number }>(WHO);

  expectTypeOf<{
    url: string;
    clientId: number;
    cursorStore: 'last-ack';
  }>().not.toExtend<PostlineClientOptions>();
  expectTypeOf<{
    url: string;
    clientId: number;
    cursorStore: 'last-ack';
    deviceId: string;
  }>().toExtend<PostlineClientOptions>();
  expectTypeOf<{ load: () => Promise<Cursor> }>().toExtend<CursorStore>();

  const { state } = texts;
  if (state.state === 'waiting') expectTypeOf(state.retryInMs).toEqualTypeOf<number | null>();
  // @ts-expect-error each state has its own fields only
  else expectTypeOf(state.retryInMs);
}

describe('the public interface', () => {
  it('[SDK-8] is fully typed, and the same for pages and for Node', () => {
    expectTypeOf(typesOf).toBeFunction();
    expectTypeOf<keyof typeof browser>().toEqualTypeOf<keyof typeof node>();
    expectTypeOf<browser.PostlineClient>().toExtend<node.PostlineClient>();
  });

  it('[SDK-13] the codes of PublishError include every code that the API answers a publish with', () => {
    type OfPublishes = Exclude<HttpErrorCode, 'too_many_groups'>;
    type Known = Extract<node.PublishErrorCode, HttpErrorCode>;
    expectTypeOf<Known>().toEqualTypeOf<OfPublishes>();
  });
});
