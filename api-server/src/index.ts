export { type ApiServer, type ApiServerParts, createApiServer } from './api-server.ts';
export {
  apiEnvironment,
  apiProcessEnvironment,
  type ApiSettings,
  apiSettings,
} from './configuration.ts';
export { migrateWhenReachable } from './migrate-when-reachable.ts';
