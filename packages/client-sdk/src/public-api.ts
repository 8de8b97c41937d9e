export type { ClientEvents, ClientState, DebugListener } from './client-events.ts';
export type { HistoryStart, PostlineClientOptions, Token } from './client-options.ts';
export { explainClose } from './connection/close-explanation.ts';
export type { Cursor, CursorMark, CursorOwner, CursorStore, TargetCursor } from './cursor/cursor.ts';
export {
  localStorageCursorStore,
  type LocalStorageCursorStoreOptions,
  memoryCursorStore,
} from './cursor/cursor-stores.ts';
export type {
  Followed,
  History,
  HistoryQuery,
  Message,
  MessageHandler,
  PayloadParser,
  PayloadSchema,
  Restart,
  Truncation,
  Unfollowed,
} from './message.ts';
export { type FailedMessage, PostlineError, type PostlineErrorCode } from './postline-error.ts';
export { PostlinePublisher } from './publisher/postline-publisher.ts';
export type {
  OutgoingMessage,
  PostlinePublisherOptions,
  PublishedMessage,
  PublishErrorCode,
  PublishOptions,
} from './publisher/publish.ts';
export { PublishError } from './publisher/publish-error.ts';
