export { initialState } from './initial-state.ts';
export { emptyView, type MessagesOptions, type MessagesView } from './messages-view.ts';
export { type BindingOptions, clientKey, createClientOpener, logKey, reportError } from './open-client.ts';
export { watchMessages } from './watch-messages.ts';
