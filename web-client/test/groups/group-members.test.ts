import { expect, it } from 'vitest';
import { problemWords } from '../../src/groups/group-members.ts';

it('[PAGE-13] a refusal is shown in the words of the API', () => {
  const problem = { title: 'A client is in too many groups', detail: 'anna is in 1,000 groups.' };
  expect(problemWords(409, JSON.stringify(problem))).toBe('anna is in 1,000 groups.');
  expect(problemWords(403, JSON.stringify({ title: 'Not allowed' }))).toBe('Not allowed');
});

it.each(['', '<html>', 'null', '[]', '{"detail":7}'])('[PAGE-13] %j is explained by its status', (body) => {
  expect(problemWords(502, body)).toBe('The API refused this with status 502.');
});
