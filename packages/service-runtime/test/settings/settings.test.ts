import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempFolder } from '@postline/test-support';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type Environment,
  fileSetting,
  integerSetting,
  portSetting,
  readSettings,
  SettingsError,
  urlSetting,
  yesNoSetting,
} from '../../src/index.ts';

const schema = z.object({
  PORT: portSetting(8080),
  LIMIT: integerSetting({ from: 10, to: 20, default: 15 }),
  SERVE_PAGE: yesNoSetting().default(true),
  URL: urlSetting(['redis:', 'rediss:']).optional(),
});

function lines(env: Environment): readonly string[] {
  try {
    readSettings(schema, env);
  } catch (error) {
    if (error instanceof SettingsError) return error.lines;
    throw error;
  }
  return [];
}

describe('settings', () => {
  it('[OPS-1] every wrong variable is told at once, each in one line', () => {
    expect(
      lines({ PORT: 'http', LIMIT: '9', SERVE_PAGE: 'true', URL: 'http://h', OTHER: 'ignored' }),
    ).toEqual([
      'PORT: must be an integer from 0 to 65535',
      'LIMIT: must be an integer from 10 to 20',
      'SERVE_PAGE: must be yes or no',
      'URL: must be a URL that starts with redis:// or rediss:// (with % codes for special characters in a password)',
    ]);
  });

  it('[OPS-1] a variable with several faults has one line', () => {
    const twice = z.object({ A: z.string().min(3, 'is too short').regex(/^b/, 'must start with b') });
    expect(() => readSettings(twice, { A: 'x' })).toThrow('A: is too short');
    expect(() => readSettings(twice, { A: 'x' })).not.toThrow('must start');
  });

  it('[OPS-1] a value is never repeated: it may be a secret', () => {
    const secret = 's3cr3t';
    const told = lines({ PORT: secret, LIMIT: secret, SERVE_PAGE: secret, URL: `http://user:${secret}@h` });
    expect(told).toHaveLength(4);
    expect(told.join('\n')).not.toContain(secret);
    expect(new SettingsError(told).message).not.toContain(secret);
  });

  it('what is not set, or empty, has its default', () => {
    const defaults = { PORT: 8080, LIMIT: 15, SERVE_PAGE: true };
    expect(readSettings(schema, {})).toEqual(defaults);
    expect(readSettings(schema, { PORT: '', LIMIT: '', SERVE_PAGE: '', URL: '' })).toEqual(defaults);
    expect(readSettings(schema, { PORT: undefined })).toEqual(defaults);
  });

  it('reads what is right', () => {
    const env = { PORT: '0', LIMIT: '20', SERVE_PAGE: 'no', URL: 'redis://:p%40ss@h' };
    expect(readSettings(schema, env)).toEqual({
      PORT: 0,
      LIMIT: 20,
      SERVE_PAGE: false,
      URL: 'redis://:p%40ss@h',
    });
  });

  it.each(['-1', '1.5', '1e3', ' 1', '0x10', 'NaN', '65536', '99999999999999999999', '１'])(
    '[OPS-1] %j is no port',
    (text) => {
      expect(lines({ PORT: text })).toEqual(['PORT: must be an integer from 0 to 65535']);
    },
  );

  it.each(['h:6379', 'redis', '//h', 'mysql://h', 'redis://:%zz@h', 'redis://h:99999', 'javascript:1'])(
    '[OPS-1] %j is no URL of these schemes',
    (text) => {
      expect(lines({ URL: text })).toHaveLength(1);
    },
  );

  it('[OPS-1] a file is read once, without the line end at its end; one that cannot be read is refused', async () => {
    const folder = await makeTempFolder('setting');
    const file = join(folder.path, 'keys');
    const fileSchema = z.object({ KEYS_FILE: fileSetting().optional() });
    const told = (path: string) => {
      const parsed = fileSchema.safeParse({ KEYS_FILE: path });
      return parsed.success ? parsed.data.KEYS_FILE : parsed.error.issues[0]?.message;
    };
    await writeFile(file, ' a\nb \r\n\n');
    expect(told(file)).toBe(' a\nb ');
    await writeFile(file, 'x'.repeat(1_024 * 1_024 + 1));
    expect(told(file)).toBe('names a file that cannot be read (too large)');
    expect(told(folder.path)).toBe('names a file that cannot be read (EISDIR)');
    await folder.remove();
    expect(told(file)).toBe('names a file that cannot be read (ENOENT)');
    expect(readSettings(fileSchema, { KEYS_FILE: '' })).toEqual({});
  });
});
