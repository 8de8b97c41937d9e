import { expect, it } from 'vitest';
import { curlLine } from '../../src/page/curl-line.ts';

function lineFor(apiUrl: string, targetId: string, needsKey = false): string {
  return curlLine({ apiUrl, targetId, needsKey });
}

it('is the documented line for client 1 on this machine', () => {
  expect(lineFor('http://localhost:8080/', '1')).toBe(
    `curl -X POST http://localhost:8080 -H "Content-Type: application/json" -d '{"message": "Hello Client 1!", "targetId": 1}'`,
  );
});

it('[PAGE-12] keeps the path of the API, with its slash', () => {
  expect(lineFor('https://example.com/push/api/', '1')).toContain(
    'curl -X POST https://example.com/push/api/ -H',
  );
});

it('writes a name as a string, and quotes an address that the shell would interpret', () => {
  const line = lineFor("https://api.example/a?b=1&c='$(x)'", 'anna');
  expect(line).toContain(`curl -X POST 'https://api.example/a?b=1&c=%27$(x)%27' -H`);
  expect(line).toContain('"targetId": "anna"');
});

it('[PAGE-15] takes a key from the environment of the shell, where one is required', () => {
  expect(lineFor('http://localhost:8080/', '1', true)).toContain('-H "Authorization: Bearer $POSTLINE_KEY"');
});
