/** Renders as a server does, and ends by itself: nothing was opened. */
import { PostlineProvider, useConnectionState, useMessages, usePostline } from '@postline/react';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';

function List() {
  const { messages, isLoading } = useMessages({ history: 50 });
  const { state } = useConnectionState();
  return [state, messages.length, isLoading, usePostline() === undefined, typeof window].join(' ');
}

const options = { url: process.argv[2], clientId: 1 };
console.log(renderToString(createElement(PostlineProvider, options, createElement(List))));
