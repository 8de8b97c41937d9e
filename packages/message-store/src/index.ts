export * from './ack-store.ts';
export * from './log-trimmer.ts';
export * from './message-store.ts';
export * from './outbox.ts';
