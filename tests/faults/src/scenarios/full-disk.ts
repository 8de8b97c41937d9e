import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../cluster/is-alive.ts';
import { startOnSmallDisk } from '../cluster/small-disk.ts';
import { requestJson } from '../load/http-json.ts';
import { withRun } from './run.ts';
import type { RunResult } from './run-result.ts';
import { NotPossibleHereError, type ScenarioSettings } from './scenario.ts';

const TARGETS = 4;
const SENDERS = 8;
/** Each has 3,000 characters, so the database soon needs more space. */
const REQUESTS_PER_SECOND = 300;
const FULL_MS = 4_000;
/** Retries without an answer are given up this long after there is space again. */
const LAST_ANSWERS_MS = 20_000;
const REFUSED_WITHIN_MS = 5_000;
/** The probe has its own target, which is not in the ledger. */
const PROBE_TARGET = 'probe';

/** The database's disk fills up under load. Publishers get a retryable error, and nothing is stored partially. */
export async function fullDisk(settings: ScenarioSettings): Promise<RunResult> {
  const disk = await startOnSmallDisk();
  if (disk === undefined) throw new NotPossibleHereError('mounting a small disk');
  const servers = { ...settings.servers, database: disk.database };
  try {
    return await withRun({ ...settings, servers, targets: TARGETS, shape: 'medium' }, async (run) => {
      for (const target of run.ledger.targets) run.addReader(target);
      await run.readersIdentified();
      const crowd = run.startCrowd({ senders: SENDERS, requestsPerSecond: REQUESTS_PER_SECOND });
      await sleep(1_000);
      await disk.fill();
      run.noteFault('full disk @ MySQL');
      await sleep(FULL_MS / 2);
      const errored = run.sends.errored;
      await sleep(FULL_MS / 2);
      run.figures['sends refused while full'] = run.sends.errored - errored;
      run.require(run.sends.errored > errored, 'a full disk is felt by publishers');
      const answer = await probe(run.cluster.apis[0]?.url ?? '');
      run.figures['answer while full'] = `${answer.status} ${answer.code} after ${answer.milliseconds} ms`;
      run.require(answer.status === 503, `publishers are told 503 (${answer.status} ${answer.code})`);
      run.require(answer.milliseconds < REFUSED_WITHIN_MS, `within ${REFUSED_WITHIN_MS} ms`);
      await disk.free();
      if (!isAlive(disk.database.pid())) {
        run.figures['the database server'] = 'gave up by itself, and was started again';
        await disk.database.startAgain();
      }
      await run.healed();
      const timer = setTimeout(() => run.giveUpRetries(), LAST_ANSWERS_MS);
      await crowd.finish();
      clearTimeout(timer);
    });
  } finally {
    await disk.stop();
  }
}

async function probe(apiUrl: string) {
  const start = performance.now();
  const body = { targetId: PROBE_TARGET, message: 'x'.repeat(3_000) };
  const answer = await requestJson({ url: apiUrl, body, timeoutMs: 2 * REFUSED_WITHIN_MS });
  return {
    status: answer.status,
    code: String(answer.body['code']),
    milliseconds: Math.round(performance.now() - start),
  };
}
