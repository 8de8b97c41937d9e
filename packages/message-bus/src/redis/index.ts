export { createRedisMessageBus, type RedisMessageBusOptions } from './redis-message-bus.ts';
export { REDIS_TIMES_DEFAULT, type RedisTimes } from './redis-timeouts.ts';
