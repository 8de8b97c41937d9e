import type { LogTrimmer } from '../../src/log-trimmer.ts';
import type {
  AppendedMessage,
  AppendOutcome,
  AppendRequest,
  MessageStore,
  NewMessage,
} from '../../src/message-store.ts';

/** A database of one kind that the suite may fill. */
export interface ContractDatabase {
  readonly kind: 'mysql' | 'sqlite';
  /** URL or file. */
  readonly location: string;
  /** A further store on the same database. */
  openStore(): Promise<MessageStore & LogTrimmer>;
  remove(): Promise<void>;
}

let lastTarget = 0;
/** A target that no other test uses. */
export function newTarget(): string {
  lastTarget += 1;
  return `target-${lastTarget}`;
}

export function publish(...messages: readonly NewMessage[]): AppendRequest {
  return { publisher: '', messages };
}

/** The messages of an outcome that must be `appended`. */
export function appended(outcome: AppendOutcome | undefined): readonly AppendedMessage[] {
  if (outcome?.kind !== 'appended') throw new Error(`not appended: ${JSON.stringify(outcome)}`);
  return outcome.messages;
}

export async function appendOne(store: MessageStore, message: NewMessage): Promise<AppendedMessage> {
  const [outcome] = await store.append([publish(message)]);
  return appended(outcome)[0]!;
}

export async function readTexts(store: MessageStore, targetId: string): Promise<string[]> {
  const { messages } = await store.readLog({ targetId, afterOffset: 0, limit: 10_000 });
  return messages.map(({ message }) => message);
}
