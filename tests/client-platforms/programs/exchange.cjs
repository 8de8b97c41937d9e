/**
 * Uses the client library as an application would: publishes, receives what was missed and what comes, reads back, and
 * closes. Resolves with what it saw. A platform without `fetch` brings its own way to publish.
 */
async function exchange({ PostlineClient, PostlinePublisher }, { relayUrl, apiUrl, clientId, publish }) {
  const send = publish ?? ((message) => new PostlinePublisher({ url: apiUrl }).publish(message));
  await send({ message: 'missed', targetId: clientId });
  const received = [];
  const client = new PostlineClient({ url: relayUrl, clientId, resume: 'start' });
  await new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('message', ({ offset, data, missed }) => {
      received.push([offset, data, missed]);
      if (offset === 1) send({ json: { live: true }, targetId: clientId }).catch(reject);
      else resolve();
    });
  });
  const { messages } = await client.history({ limit: 1 });
  await client.close();
  return { received, earlier: messages.map(({ data }) => data), state: client.state.state };
}

module.exports = { exchange };
