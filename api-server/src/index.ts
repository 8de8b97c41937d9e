export { type ApiServer, type ApiServerParts, createApiServer } from './api-server.ts';
export { apiEnvironment, type ApiSettings, apiSettings } from './configuration.ts';
