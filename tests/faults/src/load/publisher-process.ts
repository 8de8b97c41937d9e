/**
 * A crowd of senders in a separate process, see `separate-publisher.ts`. It reports over IPC, and ends after it has
 * reported what was acknowledged.
 */
import { Ledger } from '../ledger/ledger.ts';
import { createRandom } from '../random.ts';
import type { PublisherReport, PublisherTask } from './separate-publisher.ts';
import { createSendFigures } from './sender.ts';
import { SenderCrowd } from './sender-crowd.ts';

function startCrowd({ targetIds, seed, ...task }: PublisherTask) {
  const ledger = new Ledger(targetIds);
  const figures = createSendFigures();
  const crowd = new SenderCrowd({
    ...task,
    isBalanced: false,
    targets: ledger.targets,
    findings: ledger.findings,
    figures,
    random: createRandom(seed),
    giveUp: new AbortController().signal,
  });
  return { ledger, figures, crowd };
}

const { ledger, figures, crowd } = startCrowd(JSON.parse(process.argv[2] ?? '') as PublisherTask);

process.once('disconnect', () => process.exit()); // nobody is left to report to
process.once('message', () => {
  void crowd.finish().then(() => {
    const targets = ledger.targets.map((target) => ({
      issuedCount: target.issuedCount,
      acks: target.acks(),
    }));
    const { findings } = ledger;
    const report: PublisherReport = {
      targets,
      figures,
      findings: findings.counts(),
      examples: findings.lines(),
    };
    process.send?.(report, () => process.exit());
  });
});
