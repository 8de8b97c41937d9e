import type { Deployment } from '../../simulate/deployment.ts';

/** One of each, without any traffic but what a test says. */
export function deploymentOf(parts: Partial<Deployment>): Deployment {
  return {
    connections: 0,
    groupsPerConnection: 0,
    groupSize: 100,
    messagesPerSecond: 0,
    groupMessagesPerSecond: 0,
    messageBytes: 70,
    messagesPerRequest: 1,
    publishers: 0,
    acks: 0,
    sessionMinutes: 0,
    missedMessages: 0,
    compareSeconds: 3,
    heartbeatSeconds: 25,
    installations: 1,
    apis: 1,
    relays: 1,
    redisNodes: 1,
    databaseCores: 1,
    sharedCores: 0,
    ...parts,
  };
}
