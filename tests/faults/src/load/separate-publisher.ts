import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../cluster/copied-build.ts';
import type { Finding } from '../ledger/findings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NumberedAck } from '../ledger/target-ledger.ts';
import type { SendFigures, SenderOptions } from './sender.ts';

/** What a publisher of its own process is told; all that crosses is JSON. */
export interface PublisherTask
  extends Pick<
    SenderOptions,
    'apiUrls' | 'keylessShare' | 'batchShare' | 'batchMessagesMax' | 'retryPauseMs'
  > {
  readonly targetIds: readonly string[];
  readonly seed: string;
  readonly senders: number;
  readonly requestsPerSecond: number;
}

export interface PublisherReport {
  /** In the order of the task's ids. */
  readonly targets: readonly {
    readonly issuedCount: number;
    readonly acks: readonly NumberedAck[];
  }[];
  readonly figures: SendFigures;
  readonly findings: Readonly<Record<string, number>>;
  readonly examples: readonly string[];
}

/**
 * Publishes from a process of its own, for runs whose many clients keep this one busy: with no proxy in the lines either
 * it is then as quick as the API. No other sender may publish to these targets: it numbers their messages. The function
 * that is returned ends it, and resolves once the ledger holds everything that was acknowledged.
 */
export async function startSeparatePublisher(
  task: PublisherTask,
  ledger: Ledger,
  figures: SendFigures,
): Promise<() => Promise<void>> {
  const program = join(ROOT, 'tests/dist/faults/src/load/publisher-process.js'); // built also where this is not
  const publisher = fork(program, [JSON.stringify(task)], { execArgv: [] });
  await once(publisher, 'spawn');
  return async () => {
    const answer = once(publisher, 'message');
    publisher.send('finish');
    const [report] = (await answer) as [PublisherReport];
    for (const [index, { issuedCount, acks }] of report.targets.entries()) {
      ledger.targets[index]?.acknowledgedElsewhere(issuedCount, acks);
    }
    Object.assign(figures, report.figures);
    for (const [finding, count] of Object.entries(report.findings)) {
      ledger.findings.add(finding as Finding, `of the publisher: ${report.examples.join('; ')}`, count);
    }
  };
}
