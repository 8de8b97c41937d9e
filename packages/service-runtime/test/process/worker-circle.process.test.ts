import { type StartedProcess, startProcess, waitUntil } from '@postline/test-support';
import { afterEach, describe, expect, it } from 'vitest';
import { WorkerCircle } from '../../src/index.ts';

/** Only a bound for a failure: processes start slowly on a busy machine. */
const PROCESS_MS = 60_000;

/** How a worker answers: with its number, with an error, never, not on this topic, or no more. */
type WorkerKind = 'answers' | 'throws' | 'hangs' | 'speaks of something else' | 'has left' | 'has died';

/**
 * A primary with these workers, on the built package. When all are there, the first one asks the circle and prints the
 * result as a line of JSON.
 */
function program(kinds: readonly WorkerKind[], isForwarding: boolean): string {
  return `
    import cluster from 'node:cluster';
    import { forwardWorkerQuestions, WorkerCircle } from './dist/process/worker-circle.js';
    const kinds = ${JSON.stringify(kinds)};
    const answers = {
      throws: () => Promise.reject(new Error('no answer')),
      hangs: () => new Promise(() => undefined),
    };
    if (cluster.isPrimary) {
      if (${isForwarding}) forwardWorkerQuestions();
      cluster.setupPrimary({ exec: '', execArgv: [...process.execArgv] });
      const workers = kinds.map((kind, index) => cluster.fork({ KIND: kind, NUMBER: index + 1 }));
      let missing = workers.length;
      const isThere = () => {
        missing -= 1;
        if (missing === 0) workers[0].send('ask');
      };
      for (const [index, worker] of workers.entries()) {
        worker.on('message', (message) => {
          if (message !== 'ready') return;
          if (kinds[index] === 'has died') worker.once('exit', isThere).process.kill('SIGKILL');
          else isThere();
        });
      }
    } else {
      const { KIND: kind, NUMBER: number } = process.env;
      const topic = kind === 'speaks of something else' ? 'other' : 'topic';
      const answerNumber = async (question) => ({ question, number: Number(number) });
      const circle = new WorkerCircle(topic, answers[kind] ?? answerNumber);
      if (kind === 'has left') circle.leave();
      process.on('message', async (message) => {
        if (message !== 'ask') return;
        const result = await circle.ask({ for: 'all' }).catch((error) => ({ error: error.message }));
        console.log(JSON.stringify(result));
      });
      process.send('ready');
    }`;
}

let primary: StartedProcess | undefined;

afterEach(async () => {
  await primary?.end('SIGKILL'); // its workers end with it
});

async function askAmong(kinds: readonly WorkerKind[], { isForwarding = true } = {}): Promise<unknown> {
  const started = startProcess({
    command: process.execPath,
    args: ['--input-type=module', '--eval', program(kinds, isForwarding)],
    cwd: new URL('../..', import.meta.url).pathname,
    env: { PATH: process.env['PATH'] },
  });
  primary = started;
  const line = await waitUntil(
    'the worker has its answers',
    () =>
      started
        .output()
        .split('\n')
        .find((text) => text.startsWith('{')),
    PROCESS_MS,
  );
  return JSON.parse(line);
}

const answerOf = (number: number) => ({ question: { for: 'all' }, number });

describe('[OPP-2] a question to all workers', { timeout: PROCESS_MS }, () => {
  it('a service without workers asks itself', async () => {
    const circle = new WorkerCircle('alone', (question: number) => Promise.resolve(question + 1));
    expect(await circle.ask(1)).toEqual({ answers: [2], expected: 1 });
  });

  it('is answered by each of them, the one that asks included', async () => {
    const result = (await askAmong(['answers', 'answers', 'answers'])) as { answers: object[] };
    expect(result).toMatchObject({ expected: 3 });
    expect(result.answers).toHaveLength(3);
    expect(result.answers).toEqual(expect.arrayContaining([answerOf(1), answerOf(2), answerOf(3)]));
  });

  it.each<WorkerKind>(['throws', 'hangs', 'speaks of something else', 'has left'])(
    'leaves out a worker that %s, and counts it',
    async (kind) => {
      expect(await askAmong(['answers', kind])).toMatchObject({ answers: [answerOf(1)], expected: 2 });
    },
  );

  it('does not count a worker that has died', async () => {
    expect(await askAmong(['answers', 'has died'])).toMatchObject({ answers: [answerOf(1)], expected: 1 });
  });

  it('is an error if the primary does not answer', async () => {
    expect(await askAmong(['answers'], { isForwarding: false })).toEqual({
      error: 'the primary took longer than 2000 ms',
    });
  });
});
