import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import { createSqliteMessageStore } from '../../src/sqlite/index.ts';
import { describeMessageStore } from '../contract/message-store-contract.ts';

describeMessageStore('SQLite', async () => {
  const folder = await makeTempFolder('sqlite');
  const file = join(folder.path, 'data', 'postline.db');
  return {
    kind: 'sqlite',
    location: file,
    openStore: () => createSqliteMessageStore({ file }),
    remove: () => folder.remove(),
  };
});
