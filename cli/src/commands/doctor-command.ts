import { addExamples, addHelpSection, createCommand } from '@postline/operator-commands';
import type { Command } from 'commander';
import { addApiOptions, type ApiOptions, ENVIRONMENT_HELP } from '../connection-options.ts';
import type { Finding } from '../doctor/finding.ts';
import { type Column, Output } from '../output/output.ts';
import type { Style } from '../output/styles.ts';

interface DoctorOptions extends ApiOptions {
  readonly origin?: string;
}

const STYLES: Readonly<Record<Finding['status'], Style>> = {
  ok: 'green',
  warning: 'yellow',
  fault: 'red',
  skipped: 'dim',
};

const COLUMNS: readonly Column<Finding>[] = [
  { title: 'STATUS', text: ({ status }) => status, style: ({ status }) => STYLES[status] },
  { title: 'CHECK', text: ({ check }) => check },
  { title: 'FINDING', text: ({ text, todo }) => (todo === undefined ? text : `${text}. ${todo}`) },
];

/** `doctor`: checks every part of a deployment. */
export function createDoctorCommand(): Command {
  const command = createCommand('doctor')
    .description(
      'Checks configuration, database, Redis, API, relay, a message from end to end, and the clocks. It prints a line for each, with the one thing to do about each fault. The messages that it sends to _doctor.<random> stay in the database.',
    )
    .option('--origin <origin>', 'also check whether pages of this origin may publish and listen');
  addApiOptions(command).action(doctor);
  addHelpSection(command, 'Environment', [
    ...ENVIRONMENT_HELP,
    [
      'DATABASE_URL, REDIS_URL, …',
      'the settings of the services: with them database and Redis are checked from here too',
    ],
    ['CLIENT_TOKEN_SECRET', 'where tokens are required: signs one for the check from end to end'],
  ]);
  addExamples(command, 'postline doctor', 'postline doctor --origin https://shop.example');
  return command;
}

async function doctor(options: DoctorOptions): Promise<void> {
  const { runDoctor } = await import('../doctor/run-doctor.ts');
  const output = new Output(options);
  let faultCount = 0;
  await output.progress.during(
    () => ({ what: 'checking' }),
    async () => {
      for await (const finding of runDoctor({ env: process.env, key: options.key, origin: options.origin })) {
        if (finding.status === 'fault') faultCount += 1;
        await output.print([finding], COLUMNS);
      }
    },
  );
  if (faultCount > 0) process.exitCode = 1;
}
