export {
  type BusEndEvents,
  type BusState,
  BusUnavailableError,
  describeBusFault,
  type Hint,
  type HintPublisher,
  type HintSubscriber,
  type HintSubscriberEvents,
  type MessageBus,
} from './message-bus.ts';
