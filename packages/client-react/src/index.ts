export { PostlineProvider, type PostlineProviderProps } from './postline-provider.ts';
export { useConnectionState } from './use-connection-state.ts';
export { useMessages } from './use-messages.ts';
export { usePostline } from './use-postline.ts';
export type { MessagesOptions, MessagesView } from '@postline/client-binding';
