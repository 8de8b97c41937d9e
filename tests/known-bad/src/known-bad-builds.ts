import type { Finding } from '../../faults/src/ledger/findings.ts';
import type { Replacement } from './replace-in-build.ts';

/** A mistake that somebody could make, as a change of the built services, and the findings that must reveal it. */
export interface KnownBadBuild {
  readonly name: string;
  /** What a system with this mistake does wrong. */
  readonly mistake: string;
  readonly replacements: readonly Replacement[];
  readonly scenario: string;
  /** At least one of these must be found. Otherwise the scenario failed for another reason. */
  readonly expected: readonly Finding[];
}

export const RELAY = 'websocket-server/dist';
const API = 'api-server/dist';
export const STORE = 'packages/message-store/dist';

export const KNOWN_BAD_BUILDS: readonly KnownBadBuild[] = [
  {
    name: 'no resume',
    mistake: 'a client that reconnects continues at the head, whatever its cursor is',
    replacements: [
      {
        file: `${RELAY}/starting/starting-point.js`,
        find: 'switch (position.kind) {',
        replace: 'return startAt(head);\n    switch (position.kind) {',
      },
    ],
    scenario: 'coming-back',
    expected: ['lost'],
  },
  {
    name: 'id > last',
    mistake:
      'offsets are assigned like AUTO_INCREMENT, without a lock until the commit: commit order is different',
    replacements: [
      {
        file: `${STORE}/mysql/append/counters.js`,
        find: 'const [row] = await session.select(`SELECT ${LOG_STATE}',
        replace: "await session.run('COMMIT');\n    const [row] = await session.select(`SELECT ${LOG_STATE}",
      },
    ],
    scenario: 'two-writers',
    expected: ['lost'],
  },
  {
    name: 'publish before commit',
    mistake: 'the hint is sent while the transaction can still fail',
    replacements: [
      {
        file: `${STORE}/mysql/append/append-transaction.js`,
        find: "await session.run('COMMIT');",
        replace:
          "await globalThis.hintBeforeCommit?.(written.result.outcomes);\n        await session.run('COMMIT');",
      },
      {
        file: `${API}/publishing/publish-message.js`,
        find: 'return async (request, span) => {',
        replace: `globalThis.hintBeforeCommit = async (outcomes) => {
        const stored = outcomes.filter(({ kind }) => kind === 'appended');
        for (const { messages, epoch } of stored) await options.publishHints(messages, epoch);
    };
    return async (request, span) => {`,
      },
    ],
    scenario: 'broken-commits',
    expected: ['phantom', 'contradicted'],
  },
  {
    name: 'answer before commit',
    mistake: 'the publisher gets its 201 a few ms early, while the transaction can still fail',
    replacements: [
      {
        file: `${STORE}/mysql/append/append-transaction.js`,
        find: "await session.run('COMMIT');",
        replace: "setTimeout(() => session.run('COMMIT').catch(() => undefined), 30);",
      },
    ],
    scenario: 'broken-commits',
    expected: ['lost', 'contradicted'],
  },
  {
    name: 'no idempotency',
    mistake: 'a retry with the same key stores a new message',
    replacements: [
      {
        file: `${STORE}/mysql/append/insert-rows.js`,
        find: 'row.idempotencyKey ?? null',
        replace: 'null',
      },
    ],
    scenario: 'lost-replies',
    expected: ['stored twice'],
  },
  {
    name: 'unknown commit tried again',
    mistake: 'a COMMIT without an answer counts as failed, and the API appends again',
    replacements: [
      {
        file: `${STORE}/mysql/append/commit-outcome.js`,
        find: "return isStored ? 'committed' : 'not-found';",
        replace: "return 'not-found';",
      },
      {
        file: `${API}/publishing/commit-lane.js`,
        find: 'outcomes = await this.#options.store.append(batch.map(({ request }) => request));',
        replace: `const requests = batch.map(({ request }) => request);
            outcomes = await this.#options.store.append(requests).catch(() => this.#options.store.append(requests));`,
      },
    ],
    scenario: 'broken-commits',
    expected: ['stored twice'],
  },
  {
    name: 'unanswered message tried again',
    mistake: 'a message alone whose block is not answered counts as failed, and the store appends it again',
    replacements: [
      {
        file: `${STORE}/mysql/append/appender.js`,
        find: 'const stored = await readLoneOutcome(this.#options.session, trace, signal);',
        replace:
          'return await this.#write(run, { writing: signal, signal });\n                const stored = undefined;',
      },
    ],
    scenario: 'broken-lone-commits',
    expected: ['stored twice'],
  },
  {
    name: 'identity by place alone',
    mistake: 'an append without an answer counts as stored if any rows have its ids',
    replacements: [
      {
        file: `${STORE}/mysql/append/commit-outcome.js`,
        find: 'AND append_id = ? LIMIT 1',
        replace: 'AND ? IS NOT NULL LIMIT 1',
      },
      {
        file: `${STORE}/mysql/append/lone-outcome.js`,
        find: 'AND m.append_id = ?',
        replace: 'AND ? IS NOT NULL ORDER BY m.id DESC',
      },
    ],
    scenario: 'ids-again',
    expected: ['lost', 'contradicted'],
  },
  {
    name: 'cursor moved before sending',
    mistake: 'a frame that the socket did not accept counts as sent',
    replacements: [
      {
        file: `${RELAY}/following/follower.js`,
        find: 'if (!this.#takes(offset)) {',
        replace: `const isNext = this.#state === 'waiting' && this.#cursor === offset - 1;
        if (isNext)
            this.#cursor = offset;
        if (isNext && !this.#socket.isWritable())
            return true;
        if (!isNext) {`,
      },
    ],
    scenario: 'stopped-reader',
    expected: ['lost'],
  },
  {
    name: 'unbounded queue',
    mistake: 'a socket accepts everything, even if its client does not read',
    replacements: [
      {
        file: `${RELAY}/socket/relay-web-socket.js`,
        find: 'return !this.#full && this.#isOpen();',
        replace: 'return this.#isOpen();',
      },
      {
        file: `${RELAY}/socket/relay-web-socket.js`,
        find: 'if (more > 0 && !holding.grow(more)) {',
        replace: 'if (holding.bytes < 0) {',
      },
    ],
    scenario: 'stopped-reader',
    expected: ['memory'],
  },
  {
    name: 'no comparison of heads',
    mistake: 'only hints advance a feed: a message without a hint waits for the next hint',
    replacements: [
      {
        file: `${RELAY}/feeds/head-comparison.js`,
        find: 'async #compareAll() {',
        replace: 'async #compareAll() {\n        return;',
      },
    ],
    scenario: 'lost-hints',
    expected: ['lost'],
  },
  {
    name: 'hint applied out of order',
    mistake: 'a hint is forwarded as it arrives, even if the message before it is missing',
    replacements: [
      {
        file: `${RELAY}/feeds/feed.js`,
        find: 'else if (envelope.offset > position.head + 1) {',
        replace: 'else if (envelope.offset < 0) {',
      },
      {
        file: `${RELAY}/following/follower.js`,
        find: "this.#state === 'waiting' && this.#cursor === offset - 1 &&",
        replace: "this.#state === 'waiting' &&",
      },
    ],
    scenario: 'two-writers',
    expected: ['out of order'],
  },
  {
    name: 'epoch ignored',
    mistake: 'a cursor from before a restore is accepted, and hides later messages',
    replacements: [
      {
        file: `${STORE}/rules/stream-start.js`,
        find: 'const recovered = isOfThisEpoch && cursor.offset <= head && !isOfOtherRow;',
        replace: 'const recovered = true;',
      },
    ],
    scenario: 'restored-dump',
    expected: ['lost'],
  },
  {
    name: 'offset compared without its content',
    mistake:
      'rows with the same offset count as the same row: a restored history that has caught up looks like the old one',
    replacements: [
      {
        file: 'packages/protocol/dist/row-mark.js',
        find: 'return a.id === b.id && a.createdAt === b.createdAt;',
        replace: 'return true;',
      },
    ],
    scenario: 'lost-tail',
    expected: ['lost'],
  },
  {
    name: 'head from memory',
    mistake: 'a cursor is compared with what this relay has heard, not with the database',
    replacements: [
      {
        file: `${RELAY}/starting/target-opener.js`,
        find: 'reading = await this.#options.heads.read(feed.targetId);',
        replace:
          'reading = feed.position === undefined ? await this.#options.heads.read(feed.targetId) : { ...feed.position, epochStart: 0 };',
      },
      {
        file: `${RELAY}/starting/target-opener.js`,
        find: 'if (start.recovered)',
        replace: 'if (true)',
      },
    ],
    scenario: 'lagging-relay',
    expected: ['restarted', 'stale head'],
  },
  {
    name: 'cut off at the end',
    mistake: 'a relay that stops drops its sockets without a close frame',
    replacements: [
      {
        file: `${RELAY}/connection/drain.js`,
        find: "socket.close(CLOSE_CODES.draining, 'the relay is going away');",
        replace: 'socket.terminate();',
      },
    ],
    scenario: 'drained',
    expected: ['refused'],
  },
  {
    name: 'shared read mixed up',
    mistake: 'readers at the same offset share one read, even if they read different logs',
    replacements: [
      {
        file: `${RELAY}/following/log-reader.js`,
        find: 'const key = `${query.targetId} ${query.afterOffset}`;',
        replace: 'const key = `${query.afterOffset}`;',
      },
    ],
    scenario: 'coming-back',
    expected: ['leaked'],
  },
];
