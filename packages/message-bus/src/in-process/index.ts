export * from './in-process-message-bus.ts';
