import { randomBytes } from 'node:crypto';
import { createRedisMessageBus } from '@postline/message-bus/redis';
import { createMysqlMessageStore, migrate } from '@postline/message-store/mysql';
import { createLogger } from '@postline/service-runtime';
import { createApiServer } from '../../src/api-server.ts';
import { testSettings } from './start-test-api.ts';

const MIGRATIONS_FOLDER = new URL('../../../db/migrations/', import.meta.url);

export interface RealApi {
  /** `http://127.0.0.1:port` */
  readonly url: string;
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
  const api = createApiServer({
    store,
    bus: createRedisMessageBus({ redisUrl, prefix: randomBytes(6).toString('hex') }),
    settings: testSettings(env),
    logger: createLogger({ service: 'api-server', level: 'silent' }),
  });
  const port = await api.listen({ host: '127.0.0.1', port: 0 });
  api.open();
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      await api.close();
      await store.close();
    },
  };
}
