import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { ROOT } from '../cluster/copied-build.ts';
import type { Finding } from '../ledger/findings.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { NumberedAck } from '../ledger/target-ledger.ts';
import type { SendFigures, SenderOptions } from './sender.ts';

/** The task of a publisher in a separate process. It is sent as JSON. */
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
 * Publishes from a separate process, for runs whose many clients keep this process busy. Without proxies in the links
 * it is then as fast as the API. No other sender may publish to these targets, because this publisher numbers their
 * messages. The returned function ends it, and resolves when the ledger holds everything that was acknowledged.
 */
export async function startSeparatePublisher(
  task: PublisherTask,
  ledger: Ledger,
  figures: SendFigures,
): Promise<() => Promise<void>> {
  const program = join(ROOT, 'tests/dist/faults/src/load/publisher-process.js'); // always the built code
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
