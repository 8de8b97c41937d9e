import { Feed } from '../../src/feeds/feed.ts';
import { HeadReader } from '../../src/feeds/head-reader.ts';
import { RelayCounters } from '../../src/metrics/relay-counters.ts';
import { WriteTurn } from '../../src/socket/write-turn.ts';
import { ModelHistory } from './model-history.ts';
import { ModelStore } from './model-store.ts';

/** A feed of target 1, and what it works with. */
export function modelFeed(onSuspicion: () => void = () => undefined) {
  const store = new ModelStore();
  const counters = new RelayCounters();
  const heads = new HeadReader(store);
  const history = new ModelHistory();
  const feed = new Feed({ targetId: '1', counters, heads, turn: new WriteTurn(), history, onSuspicion });
  return { store, counters, heads, history, feed };
}
