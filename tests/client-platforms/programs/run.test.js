const { writeFileSync } = require('node:fs');
const { request } = require('node:http');
const library = require('@postline/client');
const { exchange } = require('./exchange.cjs');

const { resultFile, ...where } = JSON.parse(process.env.EXCHANGE);

/** The environment for pages has no fetch. */
function publish(message) {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { 'Content-Type': 'application/json' }, agent: false };
    const sent = request(where.apiUrl, options, (answer) => answer.resume().on('end', resolve));
    sent.on('error', reject).end(JSON.stringify(message));
  });
}

test('the client library', async () => {
  const seen = await exchange(library, typeof fetch === 'undefined' ? { ...where, publish } : where);
  writeFileSync(resultFile, JSON.stringify({ ...seen, isPage: typeof document === 'object' }));
});
