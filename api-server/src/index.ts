export { type ApiServer, type ApiServerParts, createApiServer } from './api-server.ts';
export {
  apiProcessEnvironment,
  type ApiSettings,
  apiSettings,
} from './configuration.ts';
export { API_MEMORY, apiEnvironment } from './environment.ts';
export { createOpenApiDocument } from './http/openapi/openapi-document.ts';
export type { PublisherKeys } from '@postline/publisher-keys';
export { migrateAtStart } from './upkeep/migrate-at-start.ts';
