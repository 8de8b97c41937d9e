import { randomBytes } from 'node:crypto';
import type { MessageBus } from '@postline/message-bus';
import { createRedisMessageBus } from '@postline/message-bus/redis';
import type { MessageStore } from '@postline/message-store';
import { createMysqlMessageStore, migrate } from '@postline/message-store/mysql';
import { createLogger } from '@postline/service-runtime';
import { createApiServer } from '../../src/api-server.ts';
import { testSettings } from './start-test-api.ts';

const MIGRATIONS_FOLDER = new URL('../../../db/migrations/', import.meta.url);

export interface RealApi {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly store: MessageStore;
  readonly bus: MessageBus;
  /** The lines that it logged at level `error`. */
  readonly logLines: readonly string[];
  close(): Promise<void>;
}

export interface RealApiServers {
  /** An empty database. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The API in this process, on real servers. */
export async function startRealApi({ databaseUrl, redisUrl, env }: RealApiServers): Promise<RealApi> {
  await migrate({ databaseUrl, folder: MIGRATIONS_FOLDER });
  const store = createMysqlMessageStore({ databaseUrl });
  const bus = createRedisMessageBus({ redisUrl, prefix: randomBytes(6).toString('hex') });
  const logLines: string[] = [];
  const api = createApiServer({
    store,
    outbox: store,
    trimmer: store,
    bus,
    settings: testSettings(env),
    logger: createLogger({
      service: 'api-server',
      level: 'error',
      destination: { write: (line: string) => void logLines.push(line) },
    }),
  });
  const port = await api.listen({ host: '127.0.0.1', port: 0 });
  api.open();
  return {
    url: `http://127.0.0.1:${port}`,
    store,
    bus,
    logLines,
    close: async () => {
      await api.close();
      await store.close();
    },
  };
}
