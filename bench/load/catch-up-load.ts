import type { CatchUpJob, CatchUpResult, MeasureSignals } from './load-job.ts';
import { type FillMessage, fillLogs, textOf } from './log-filling.ts';
import type { StreamStart } from './recipient-options.ts';
import { connectRecipient } from './recipients.ts';

/** A reader that got nothing for this long gets no more. */
const SILENCE_MS_MAX = 20_000;

/** Fills the target's log up to the job's length, and times one client that reads all of it. */
export async function runCatchUpLoad(job: CatchUpJob, signals: MeasureSignals): Promise<CatchUpResult> {
  const { epoch, offset: head } = await findHead(job);
  await fillLogs(job.system, messagesFrom(head + 1, job));
  await catchUp(job, { epoch, offset: job.messages - job.warmUpMessages });

  await signals.begin();
  const { milliseconds, faults } = await catchUp(job, { epoch, offset: 0 });
  await signals.end();
  return { faults, messages: job.messages, milliseconds };
}

/** Finds the head of a target: a client without a cursor starts there. */
export async function findHead({
  system,
  targetId,
}: Pick<CatchUpJob, 'system' | 'targetId'>): Promise<StreamStart> {
  let start: StreamStart = { epoch: '', offset: NaN };
  const socket = await connectRecipient({
    system,
    clientId: targetId,
    onIdentified: (told) => {
      start = told;
    },
    onMessage: () => undefined,
    onFault: () => undefined,
  });
  socket.close();
  return start;
}

function* messagesFrom(
  first: number,
  { targetId, messages, messageBytes }: CatchUpJob,
): Generator<FillMessage> {
  for (let offset = first; offset <= messages; offset += 1)
    yield { targetId, message: textOf(offset, messageBytes) };
}

/** Resumes after `offset` and reads to the end of the log, checking each message. */
async function catchUp(
  { system, targetId, messages, messageBytes }: CatchUpJob,
  resume: StreamStart,
): Promise<{ milliseconds: number; faults: string[] }> {
  const faults: string[] = [];
  let last = resume.offset;
  let finish: (() => void) | undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const give = (fault: string) => {
    faults.push(fault);
    finish?.();
  };
  let lastSeen = last;
  const watch = setInterval(() => {
    if (last === lastSeen) give(`nothing came after offset ${last} for ${SILENCE_MS_MAX} ms`);
    lastSeen = last;
  }, SILENCE_MS_MAX);
  const start = performance.now();
  const socket = await connectRecipient({
    system,
    clientId: targetId,
    resume,
    onIdentified: ({ offset }) => {
      if (offset !== resume.offset) give(`the stream goes on from ${offset}, not from ${resume.offset}`);
    },
    onMessage: (frame) => {
      last += 1;
      if (frame['targetId'] !== targetId || frame['offset'] !== last) {
        give(`in place of offset ${last} came ${JSON.stringify(frame)}`);
      } else if (frame['data'] !== textOf(last, messageBytes)) {
        give(`offset ${last} came with another text: ${String(frame['data'])}`);
      }
      if (last === messages) finish?.();
    },
    onFault: (fault) => {
      if (last < messages) give(fault);
    },
  });
  await finished;
  const milliseconds = performance.now() - start;
  clearInterval(watch);
  last = messages; // the close that follows is ours
  socket.close();
  return { milliseconds, faults };
}
