export { explainClose } from './connection/close-explanation.ts';
export type { ClientEvents } from './client-events.ts';
export type { PostlineClientOptions, Token } from './client-options.ts';
export type { ClientState } from './client-events.ts';
export type { Cursor, CursorMark, CursorOwner, CursorStore } from './cursor/cursor.ts';
export {
  localStorageCursorStore,
  type LocalStorageCursorStoreOptions,
} from './cursor/cursor-stores.ts';
export { memoryCursorStore } from './cursor/cursor-stores.ts';
export type { Message, Restart, Truncation } from './message.ts';
export type { MessageHandler } from './delivery/message-handlers.ts';
export type { PayloadParser, PayloadSchema } from './message.ts';
export { type FailedMessage, PostlineError, type PostlineErrorCode } from './postline-error.ts';
export { PostlinePublisher } from './publisher/postline-publisher.ts';
export { PublishError } from './publisher/publish-error.ts';
export type { PublishErrorCode } from './publisher/publish.ts';
export type {
  OutgoingMessage,
  PostlinePublisherOptions,
  PublishedMessage,
  PublishOptions,
} from './publisher/publish.ts';
