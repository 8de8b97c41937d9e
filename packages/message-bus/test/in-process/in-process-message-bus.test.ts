import { describe, expect, it } from 'vitest';
import { createInProcessMessageBus } from '../../src/in-process/index.ts';
import { describeMessageBus } from '../message-bus-contract.ts';
import { recordEvents } from '../recorded-events.ts';

describeMessageBus('in-process', createInProcessMessageBus);

describe('in-process message bus', () => {
  it('runs no subscriber inside the call of the publisher', async () => {
    const bus = createInProcessMessageBus();
    const events = recordEvents();
    await bus.createSubscriber(events).subscribe('a');
    const published = bus.createPublisher().publish([{ targetId: 'a', frame: 'x' }]);
    expect(events.hints).toEqual([]);
    await published;
    expect(events.hints).toEqual(['a x']);
  });

  it('[BUS-3] is up from the start', () => {
    const subscriber = createInProcessMessageBus().createSubscriber(recordEvents());
    expect(subscriber.state).toBe('up');
  });
});
