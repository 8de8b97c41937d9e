import { expect, it } from 'vitest';
import { curlLine } from '../../src/sending/client-examples.ts';

it('is the documented line for client 1 on this machine', () => {
  expect(curlLine('http://localhost:8080/', '1')).toBe(
    `curl -X POST http://localhost:8080 -H "Content-Type: application/json" -d '{"message": "Hello Client 1!", "targetId": 1}'`,
  );
});

it('[PAGE-12] keeps the path of the API, with its slash', () => {
  expect(curlLine('https://example.com/push/api/', '1')).toContain(
    'curl -X POST https://example.com/push/api/ -H',
  );
});

it('writes a name as a string, and quotes an address that the shell would interpret', () => {
  const line = curlLine("https://api.example/a?b=1&c='$(x)'", 'anna');
  expect(line).toContain(`curl -X POST 'https://api.example/a?b=1&c=%27$(x)%27' -H`);
  expect(line).toContain('"targetId": "anna"');
});
