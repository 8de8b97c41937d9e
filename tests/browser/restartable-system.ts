import { freePort, makeTempFolder, startStandalone } from '@postline/test-support';

/** Both services in one process; ports and data outlive a restart, so that a page comes back to where it came from. */
export interface RestartableSystem {
  readonly apiUrl: string;
  readonly relayUrl: string;
  /** SIGTERM, and nothing answers until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good; its data go too. */
  remove(): Promise<void>;
}

export async function startRestartableSystem(name: string): Promise<RestartableSystem> {
  const folder = await makeTempFolder(name);
  const environment = {
    API_PORT: String(await freePort()),
    RELAY_PORT: String(await freePort()),
    DATA_DIR: folder.path,
  };
  let process = await startStandalone(environment);
  const { apiUrl, relayUrl } = process;
  return {
    apiUrl,
    relayUrl,
    stop: async () => {
      await process.stop();
    },
    start: async () => {
      process = await startStandalone(environment);
    },
    remove: async () => {
      await process.stop();
      await folder.remove();
    },
  };
}
