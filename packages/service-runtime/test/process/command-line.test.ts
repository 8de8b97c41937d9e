import { expect, it } from 'vitest';
import { z } from 'zod';
import { answerArguments } from '../../src/process/command-line.ts';
import { portSetting } from '../../src/settings/settings.ts';
import { VERSION } from '../../src/version.ts';

const COMMAND = {
  usage: 'npm run api --',
  summary: 'Runs the API.',
  settings: {
    PORT: portSetting(8080).meta({ description: 'Port of the API.' }),
    REDIS_URL: z.string().optional().meta({
      description: 'Redis: `redis://host` ([parameters](operating.md#redis_url)), where hints travel.',
    }),
  },
};

it.each(['--help', '-h'])('[STA-2] %s prints the usage and every setting with its default', (word) => {
  const { lines = [], exitCode } = answerArguments(COMMAND, [word]) ?? {};
  expect(exitCode).toBe(0);
  expect(lines[0]).toBe('Usage: npm run api -- [--help | --version]');
  expect(lines.join('\n')).toContain('  PORT=8080\n      Port of the API.');
  expect(lines.join('\n')).toContain(
    '  REDIS_URL\n      Redis: redis://host (parameters), where hints travel.',
  );
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
});

it('[STA-2] --version prints the version', () => {
  expect(answerArguments(COMMAND, ['--version'])).toEqual({ lines: [VERSION], exitCode: 0 });
});

it('[STA-2] any other argument is refused by name; without one the service starts', () => {
  expect(answerArguments(COMMAND, ['--port', '9000'])).toEqual({
    lines: ['Unknown argument --port. Settings are environment variables; --help lists them.'],
    exitCode: 1,
  });
  expect(answerArguments(COMMAND, [])).toBeUndefined();
});
