// Publishes one message with the client library:  node publish-with-sdk.mjs 1 'Hello Client 1!' [idempotency-key]
// The library handles the key, retries, random waits and Retry-After.
import { PostlinePublisher } from '@postline/client';

const publisher = new PostlinePublisher({
  url: process.env.POSTLINE_URL ?? 'http://localhost:8080',
  key: process.env.POSTLINE_KEY,
});

const [targetId, message, idempotencyKey] = process.argv.slice(2);
const published = await publisher.publish({ message, targetId, ...(idempotencyKey && { idempotencyKey }) });
console.log(JSON.stringify(published));
