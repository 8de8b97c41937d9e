export { providePostline } from './provide-postline.ts';
export { useConnectionState } from './use-connection-state.ts';
export { type MessagesRefs, useMessages } from './use-messages.ts';
export { usePostline } from './use-postline.ts';
export type { BindingOptions as PostlineOptions, MessagesOptions } from '@postline/client-binding';
