import { checkClientTokens, clientTokenEnvironment } from '@postline/client-tokens';
import { checkPublisherKeys, publisherKeysEnvironment } from '@postline/publisher-keys';
import {
  backendSettings,
  checkTogether,
  type Environment,
  migrationSettings,
  readSettings,
  SettingsError,
  sharedSettings,
} from '@postline/service-runtime';
import { z } from 'zod';
import { fault, type Finding, ok, skipped } from './finding.ts';

const CHECK = 'configuration';

/** The settings that both services read. Each service checks its other settings when it starts. */
const shape = {
  ...sharedSettings,
  ...backendSettings,
  ...clientTokenEnvironment,
  ...migrationSettings,
  ...publisherKeysEnvironment,
};

const schema = checkTogether(z.object(shape), 'both-or-none', checkClientTokens, checkPublisherKeys);

/** Variables that other programs set too. */
const SHARED_NAMES: ReadonlySet<string> = new Set(['NODE_ENV']);

export type DoctorSettings = z.output<typeof schema>;

export interface SettingsReading {
  readonly findings: readonly Finding[];
  /** Undefined if the settings are wrong, or none is set. */
  readonly settings: DoctorSettings | undefined;
}

/** Checks the services' settings in this environment. It prints their names only, not their values. */
export function readDoctorSettings(env: Environment): SettingsReading {
  const names = Object.keys(shape).filter((name) => !SHARED_NAMES.has(name) && (env[name] ?? '') !== '');
  if (names.length === 0) {
    const text =
      'no setting of the services is set here, so database and Redis are seen through the services alone';
    return { findings: [skipped(CHECK, text)], settings: undefined };
  }
  try {
    const settings = readSettings(schema, env);
    return { findings: [ok(CHECK, `${names.join(', ')}: valid`)], settings };
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    const findings = error.lines.map((line) => {
      const name = line.split(':', 1)[0] ?? '';
      return fault(CHECK, line, `Correct ${name}: docs/configuration.md describes it.`);
    });
    return { findings, settings: undefined };
  }
}
