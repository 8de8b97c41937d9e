import { addExamples, createCommand } from '@postline/operator-commands';
import type { Command } from 'commander';
import { createPublisher, PUBLISHED_COLUMNS, publishedRecord, publishFailure } from '../api/publishing.ts';
import { addApiOptions, apiConnection, type ApiOptions } from '../connection-options.ts';
import { Output } from '../output/output.ts';
import { sendLines } from '../sending/send-lines.ts';

/** A restart of the API takes less time, and a person would not wait longer. */
const RETRIED_MS_MAX = 10_000;

interface SendOptions extends ApiOptions {
  readonly idempotencyKey?: string;
}

/** `send <targetId> <message>`; with `-` it sends the lines of standard input. */
export function createSendCommand(): Command {
  const command = createCommand('send')
    .description('Publishes a message. It prints the answer of the API once the message is stored.')
    .argument('<targetId>', 'a client id, or group:<name>')
    .argument('<message>', 'the text; - reads standard input, a message a line')
    .option(
      '--idempotency-key <key>',
      'stores the message once, however often it is sent; with -: each line has the key <key>:<line number>',
    );
  addApiOptions(command).action(send);
  addExamples(
    command,
    'postline send 1 "Hello Client 1!"',
    'postline send group:news -- "--- a text that begins with -"',
    'postline send 1 - --idempotency-key import-7 < lines.txt   # can be repeated',
  );
  return command;
}

async function send(targetId: string, message: string, options: SendOptions): Promise<void> {
  const connection = apiConnection(options, process.env);
  const { idempotencyKey } = options;
  const output = new Output(options);
  if (message === '-') {
    await sendLines({ input: process.stdin, targetId, connection, output, idempotencyKey });
    return;
  }
  const publisher = createPublisher(connection, RETRIED_MS_MAX);
  const outgoing = { targetId, message, ...(idempotencyKey !== undefined && { idempotencyKey }) };
  try {
    const published = await output.progress.during(
      () => ({ what: `waiting for the API at ${connection.url}` }),
      () => publisher.publish(outgoing),
    );
    await output.print([published], PUBLISHED_COLUMNS, publishedRecord);
  } catch (error) {
    throw publishFailure(error, connection.url);
  }
}
