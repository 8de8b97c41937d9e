import { addExamples, CommandFailure, createCommand, integerFrom } from '@postline/operator-commands';
import {
  LOG_PAGE_MESSAGES_DEFAULT,
  LOG_PAGE_MESSAGES_MAX,
  type LogPage,
  logPageSchema,
} from '@postline/protocol';
import type { Command } from 'commander';
import { ApiClient } from '../api/api-client.ts';
import { addApiOptions, apiConnection, type ApiOptions } from '../connection-options.ts';
import { MESSAGE_COLUMNS } from '../message-columns.ts';
import { Output } from '../output/output.ts';

interface HistoryOptions extends ApiOptions {
  readonly after?: number;
  readonly limit: number;
}

/** `history <targetId>`: prints stored messages. */
export function createHistoryCommand(): Command {
  const command = createCommand('history')
    .description(
      'Prints stored messages of a client or a group, oldest first: the newest ones, or those after an offset.',
    )
    .argument('<targetId>', 'a client id, or group:<name>')
    .option('--after <offset>', 'messages after this offset', integerFrom(0, Number.MAX_SAFE_INTEGER))
    .option(
      '--limit <n>',
      'at most this many',
      integerFrom(1, Number.MAX_SAFE_INTEGER),
      LOG_PAGE_MESSAGES_DEFAULT,
    );
  addApiOptions(command).action(async (targetId: string, options: HistoryOptions) => {
    await new HistoryPrinter(targetId, options).run();
  });
  addExamples(
    command,
    'postline history 1',
    'postline history group:news --after 0 --limit 100000 > news.jsonl',
  );
  return command;
}

class HistoryPrinter {
  readonly #path: string;
  readonly #options: HistoryOptions;
  readonly #api: ApiClient;
  readonly #output: Output;
  #printedCount = 0;

  constructor(targetId: string, options: HistoryOptions) {
    this.#path = `/targets/${encodeURIComponent(targetId)}/messages`;
    this.#options = options;
    this.#api = new ApiClient(apiConnection(options, process.env));
    this.#output = new Output(options);
  }

  async run(): Promise<void> {
    const { after, limit } = this.#options;
    const state = () => ({ what: `${this.#printedCount} messages`, share: this.#printedCount / limit });
    await this.#output.progress.during(state, async () => {
      if (after !== undefined) await this.#printAfter(after);
      else if (limit <= LOG_PAGE_MESSAGES_MAX) await this.#print(await this.#page({ before: 'head', limit }));
      else await this.#printNewest(limit);
    });
  }

  async #printNewest(count: number): Promise<void> {
    const { head } = await this.#page({ before: 'head', limit: 1 });
    await this.#printAfter(Math.max(0, head - count));
  }

  async #printAfter(offset: number): Promise<void> {
    let after = offset;
    let epoch: string | undefined;
    for (;;) {
      const limit = Math.min(LOG_PAGE_MESSAGES_MAX, this.#options.limit - this.#printedCount);
      const page = await this.#page({ after, limit, epoch });
      if (epoch !== undefined && !page.recovered)
        throw new CommandFailure('the log was restarted meanwhile', { code: 'log_restarted' });
      await this.#print(page);
      epoch = page.epoch;
      after = page.messages.at(-1)?.offset ?? page.head;
      if (after >= page.head || this.#printedCount >= this.#options.limit) return;
    }
  }

  #page(query: Readonly<Record<string, string | number | undefined>>): Promise<LogPage> {
    return this.#api.request({ path: this.#path, query }, logPageSchema);
  }

  async #print({ messages, truncatedBefore }: LogPage): Promise<void> {
    if (truncatedBefore !== null)
      this.#output.note(`messages before offset ${truncatedBefore} were deleted, or are not for this reader`);
    this.#printedCount += messages.length;
    await this.#output.print(messages, MESSAGE_COLUMNS);
  }
}
