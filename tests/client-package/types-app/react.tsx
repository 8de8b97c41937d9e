import { localStorageCursorStore } from '@postline/client';
import { PostlineProvider, useConnectionState, useMessages, usePostline } from '@postline/react';

interface Order {
  readonly total: number;
}

const readOrder = (text: string): Order => JSON.parse(text) as Order;

export function Orders() {
  const { messages, isLoading } = useMessages<Order>({ history: 50, target: 'group:orders', max: 100 });
  const connection = useConnectionState();
  const client = usePostline<Order>();
  if (connection.state === 'waiting') return <p>{connection.error.code}</p>;
  return (
    <p title={String(isLoading)} onClick={() => void client?.follow('group:orders')}>
      {messages.map(({ data }) => data.total)}
    </p>
  );
}

export function Texts() {
  const { messages } = useMessages();
  return <p>{messages.map(({ data }) => data.trim())}</p>;
}

export const app = (
  <PostlineProvider
    url="/push/"
    clientId="anna"
    groups
    token={() => Promise.resolve('t')}
    parse={readOrder}
    cursorStore={localStorageCursorStore()}
    resume={{ last: 50 }}
    onError={({ code }) => console.log(code)}
  >
    <Orders />
    <Texts />
  </PostlineProvider>
);

// @ts-expect-error a client needs an id
export const withoutId = <PostlineProvider url="/push/" />;

// @ts-expect-error there is no such option
export const unknownOption = <PostlineProvider url="/push/" clientId={1} retry={3} />;
