export { createInProcessMessageBus } from './in-process-message-bus.ts';
