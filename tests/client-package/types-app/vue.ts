import { localStorageCursorStore } from '@postline/client';
import { providePostline, useConnectionState, useMessages, usePostline } from '@postline/vue';
import { ref } from 'vue';

interface Order {
  readonly total: number;
}

export function setup() {
  const room = ref('group:orders');
  providePostline<Order>(() => ({
    url: '/push/',
    clientId: 'anna',
    groups: true,
    token: () => Promise.resolve('t'),
    parse: (text) => JSON.parse(text) as Order,
    cursorStore: localStorageCursorStore(),
    resume: { last: 50 },
    onError: ({ code }) => console.log(code),
  }));
  const { messages, isLoading } = useMessages<Order>(() => ({ target: room.value, history: 50, max: 100 }));
  const total: number = messages.value.reduce((sum, { data }) => sum + data.total, 0);
  const isWaiting: boolean = useConnectionState().value.state === 'waiting';
  const client = usePostline<Order>();
  return { total, isWaiting, isLoading, follow: () => client.value?.follow(room.value) };
}

// @ts-expect-error a client needs an id
providePostline(() => ({ url: '/push/' }));
