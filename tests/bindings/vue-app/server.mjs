/** Renders as a server does, and ends by itself: nothing was opened. */
import { providePostline, useConnectionState, useMessages, usePostline } from '@postline/vue';
import { createSSRApp, h } from 'vue';
import { renderToString } from 'vue/server-renderer';

const List = {
  setup() {
    const { messages, isLoading } = useMessages({ history: 50 });
    const connection = useConnectionState();
    const client = usePostline();
    return () =>
      [
        connection.value.state,
        messages.value.length,
        isLoading.value,
        client.value === undefined,
        typeof window,
      ].join(' ');
  },
};

const App = {
  setup() {
    providePostline(() => ({ url: process.argv[2], clientId: 1 }));
    return () => h(List);
  },
};

console.log(await renderToString(createSSRApp(App)));
