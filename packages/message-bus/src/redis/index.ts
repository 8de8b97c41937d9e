export { createRedisMessageBus, type RedisMessageBusOptions } from './redis-message-bus.ts';
export { REDIS_TIMEOUTS_DEFAULT, type RedisTimeouts } from './redis-timeouts.ts';
