import { HttpConnection } from './http-connection.ts';
import type { CatchUpJob, CatchUpResult, MeasureSignals } from './load-job.ts';
import { connectRecipient, type StreamStart } from './recipients.ts';

/** The largest batch that the API takes. */
const BATCH_MESSAGES = 1_000;

/** A reader that got nothing for so long will get no more. */
const SILENCE_MS_MAX = 20_000;

const NUMBER_DIGITS = 10;

/** Fills the target's log where it is shorter than asked, and times one client that reads all of it. */
export async function runCatchUpLoad(job: CatchUpJob, signals: MeasureSignals): Promise<CatchUpResult> {
  const { epoch, offset: head } = await findHead(job);
  await fillLog(job, head);
  await catchUp(job, { epoch, offset: job.messages - job.warmUpMessages });

  await signals.begin();
  const { milliseconds, faults } = await catchUp(job, { epoch, offset: 0 });
  await signals.end();
  return { faults, messages: job.messages, milliseconds };
}

/** A client that has no cursor starts at the head, and is told where that is. */
async function findHead({ relayUrl, targetId }: CatchUpJob): Promise<StreamStart> {
  let start: StreamStart = { epoch: '', offset: NaN };
  const socket = await connectRecipient({
    relayUrl,
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

async function fillLog(
  { batchUrl, targetId, messages, messageBytes }: CatchUpJob,
  head: number,
): Promise<void> {
  const connection = await HttpConnection.open(batchUrl);
  for (let first = head + 1; first <= messages; first += BATCH_MESSAGES) {
    const count = Math.min(BATCH_MESSAGES, messages - first + 1);
    const entries = Array.from({ length: count }, (_, index) => ({
      message: textOf(first + index, messageBytes),
      targetId,
    }));
    await new Promise<void>((resolve, reject) => {
      connection.post(JSON.stringify({ messages: entries }), (status, body) => {
        if (status === 201) resolve();
        else reject(new Error(`a batch was answered ${status}: ${body.slice(0, 500)}`));
      });
    });
  }
  connection.close();
}

/** The text of a message says its offset, so that each reader can tell whether it got the right one. */
function textOf(offset: number, messageBytes: number): string {
  return String(offset).padStart(NUMBER_DIGITS, '0').padEnd(messageBytes, '.');
}

/** Resumes after `offset` and reads to the end of the log, checking each message. */
async function catchUp(
  { relayUrl, targetId, messages, messageBytes }: CatchUpJob,
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
    relayUrl,
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
