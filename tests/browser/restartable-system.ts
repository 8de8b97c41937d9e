import { freePort, makeTempFolder, startStandalone, type StandaloneProcess } from '@postline/test-support';
import { afterAll, beforeAll } from 'vitest';

/** Both services in one process; ports and data outlive a restart, so that a page comes back to where it came from. */
export interface RestartableSystem {
  readonly apiUrl: string;
  readonly relayUrl: string;
  /** SIGTERM, and nothing answers until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** A system for the tests of this file; its data go with it. */
export function useRestartableSystem(name: string): RestartableSystem {
  let process: StandaloneProcess | undefined;
  let environment: Readonly<Record<string, string>> = {};
  let removeFolder = () => Promise.resolve();

  function started(): StandaloneProcess {
    if (process === undefined) throw new Error('the system starts before the first test');
    return process;
  }
  async function start(): Promise<void> {
    process = await startStandalone(environment);
  }
  async function stop(): Promise<void> {
    await process?.stop();
  }

  beforeAll(async () => {
    const folder = await makeTempFolder(name);
    removeFolder = () => folder.remove();
    environment = {
      API_PORT: String(await freePort()),
      RELAY_PORT: String(await freePort()),
      DATA_DIR: folder.path,
    };
    await start();
  });
  afterAll(async () => {
    await stop();
    await removeFolder();
  });
  return {
    get apiUrl() {
      return started().apiUrl;
    },
    get relayUrl() {
      return started().relayUrl;
    },
    stop,
    start,
  };
}
