export { BatchedReader, type BatchedReaderOptions } from './calls/batched-reader.ts';
export { DeadlineError, withDeadline } from './calls/deadline.ts';
export { FairSlots } from './calls/fair-slots.ts';
export { OpenCalls } from './calls/open-calls.ts';
export { RateLimiter } from './calls/rate-limiter.ts';
export { Slots, SlotsExhaustedError } from './calls/slots.ts';
export { databaseConnections } from './database/database-settings.ts';
export { type DatabaseTls, withAuthority } from './database/database-tls.ts';
export { type DatabaseAddress, parseDatabaseUrl } from './database/database-url.ts';
export { ActivityHealth } from './health/activity-health.ts';
export {
  causesOf,
  describeFault,
  type FaultReason,
  LOST_KIND,
  networkFault,
  STARTING,
  StartingError,
} from './health/fault-reason.ts';
export { OutageLog } from './health/outage-log.ts';
export { ServiceHealth } from './health/service-health.ts';
export { PartHealth } from './health/part-health.ts';
export { type PartWarning, Readiness } from './health/readiness.ts';
export {
  addressGroup,
  clientAddress,
  isTrustedProxy,
  parseTrustedProxies,
  plainAddress,
  type TrustedProxies,
} from './http/client-address.ts';
export { bearerOf } from './http/bearer.ts';
export { earlierAnswersSent, OpenResponses } from './http/earlier-answers.ts';
export { ignoreForeignUpgrades } from './http/foreign-upgrades.ts';
export {
  answerWithClose,
  closeGracefully,
  HTTP_SERVER_OPTIONS,
  listen,
  type ListenAddress,
  listenOn,
} from './http/http-listener.ts';
export { endAndLinger, endBrokenConnection, lingerAtEnd, mustLinger } from './http/lingering-close.ts';
export {
  defaultOriginRules,
  isHostAllowed,
  isOriginAllowed,
  type OriginRules,
  parseOriginRules,
} from './http/origins.ts';
export { isProbe, lacksHost } from './http/probes.ts';
export { errorForLog } from './logging/error-for-log.ts';
export { createLogger, type Logger } from './logging/logger.ts';
export { writeToTerminal } from './logging/standard-streams.ts';
export { visibleText } from './logging/visible-text.ts';
export { Holding, MemoryBudget, MemoryShare } from './memory/memory-budget.ts';
export {
  checkMemory,
  defaultHeldBytes,
  heldBytesMax,
  holdableBytes,
  readProcessMemory,
} from './memory/process-memory.ts';
export {
  createDistribution,
  Distribution,
  type LabelledDistribution,
  showDistributions,
} from './metrics/distribution.ts';
export { showHealth } from './metrics/health-metrics.ts';
export { showMemory } from './metrics/memory-metrics.ts';
export {
  Counter,
  createMetricsRegistry,
  createMetricsText,
  Gauge,
  type MetricsRegistry,
} from './metrics/metrics.ts';
export { Html, html, htmlPage, MENU_CLOSE_LINK, MENU_LINK, prose } from './pages/html.ts';
export { DOCUMENTATION_POLICY, PAGE_ICON, PAGE_STYLE } from './pages/page-style.ts';
export { type Field, type Schema, SchemaTables } from './pages/schema-table.ts';
export { calledAs, type ServiceCommand, wantsHelp } from './process/command-line.ts';
export { drainPeriodMs } from './process/drain-period.ts';
export { type RunningProcess, runProcess } from './process/process-lifecycle.ts';
export { WorkerCircle } from './process/worker-circle.ts';
export { isPrimaryOf, isWorker, startWorkers } from './process/worker-processes.ts';
export { parseRedisLocation, type RedisAccess, type RedisLocation } from './redis/redis-location.ts';
export { redisConnections } from './redis/redis-settings.ts';
export { type RedisAddress } from './redis/redis-url.ts';
export {
  type Environment,
  fileSetting,
  integerSetting,
  onOffSetting,
  optionalIntegerSetting,
  portSetting,
  readSettings,
  SettingsError,
  urlSetting,
  yesNoSetting,
} from './settings/settings.ts';
export { unknownVariables } from './settings/unknown-variables.ts';
export {
  checkTogether,
  effectiveAuth,
  effectiveOriginRules,
  effectiveUrls,
  migrationSettings,
  OPEN_MODE_WARNING,
  backendSettings,
  processSettings,
  sharedSettings,
} from './shared-settings.ts';
export { Counts } from './structures/counts.ts';
export { LinkedList, type ListEntry } from './structures/linked-list.ts';
export { partsOf } from './structures/parts-of.ts';
export { type Result } from './structures/result.ts';
export { Backoff } from './timing/backoff.ts';
export { pause } from './timing/pause.ts';
export { RepeatedTask } from './timing/repeated-task.ts';
export { type SharedTimeout, SharedTimeouts } from './structures/shared-timeouts.ts';
export type { RecordedSpan, SpanAttributes, TraceHeaders, Tracing } from './tracing/tracing.ts';
export { VERSION } from './version.ts';
