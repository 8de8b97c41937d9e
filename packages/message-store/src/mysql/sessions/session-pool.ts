import { LinkedList, SharedTimeouts, SlotsExhaustedError } from '@postline/service-runtime';
import { ConnectionAllowance } from './connection-allowance.ts';
import { PooledSession } from './pooled-session.ts';
import { openSession, type Session, type SessionOptions } from './session.ts';
import { isReadOnly, isTooManyConnections } from './sql-error.ts';

export interface SessionPoolOptions extends SessionOptions {
  /** The largest number of open connections. */
  readonly connectionsMax: number;
  /** The largest number of calls that wait for a connection. */
  readonly waitersMax: number;
  /** Milliseconds after which an idle connection is closed. Shorter than the server's own limit. */
  readonly idleMs: number;
  /** Milliseconds after which a connection is closed, used or not: its address may lead to another server by now. */
  readonly ageMsMax: number;
  /** Called when a server answered that it is read-only: the address may lead to another server by now. */
  readonly onReadOnly: () => void;
}

/**
 * The pause between two attempts to connect to a server without room. Short enough to catch a connection that becomes
 * free.
 */
const REFUSED_PAUSE_MS = 100;
const REFUSED_JITTER_MS = 100;

/** A successor must be open within this time. Otherwise the old connection stays in use until its age limit. */
const SUCCESSOR_DEADLINE_MS = 4_000;

/** A waiting call gets a session, or the right to open one. */
type Given = PooledSession | 'place';

/**
 * Connections of one role, opened when needed: at most `connectionsMax`, none older than `ageMsMax`. The driver's own
 * pool is not used, because neither its queue limit nor its timeouts end a call while the server is frozen, and it
 * lends connections that died while idle.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #allowance: ConnectionAllowance;
  readonly #idle: PooledSession[] = [];
  readonly #idleTimeouts: SharedTimeouts;
  /** Each waiter is called with what becomes free for it. Nobody waits while a session is idle. */
  readonly #waiters = new LinkedList<(given: Given) => void>();
  readonly #closing = new AbortController();
  /** Idle sessions, lent sessions and sessions being opened. */
  #openCount = 0;
  #generation = 0;
  #refusal: Error | undefined;
  #refusalTimer: NodeJS.Timeout | undefined;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#idleTimeouts = new SharedTimeouts(options.idleMs);
    this.#allowance = new ConnectionAllowance(options.connectionsMax, () => {
      this.#offerPlaces();
    });
  }

  /** Why the server has no room for more connections, if that was its answer to the last attempt. */
  get refusal(): Error | undefined {
    return this.#refusal;
  }

  /**
   * Lends a session to `work`. If `signal` is aborted, the call rejects at once, whatever it waits for, and its
   * connection ends. A connection whose `work` threw also ends. An idle connection that turns out to be dead before it
   * answered anything is replaced once. So is one whose server has become read-only, so `work` may be called twice.
   * While the server has no room for another connection, the call waits until a connection of the pool is free or the
   * server has room.
   */
  async use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    const first = this.#takeIdle() ?? (await this.#acquire(signal));
    const answersBefore = first.session.answers;
    try {
      return await this.#lend(first, signal, work);
    } catch (error) {
      const wasDead = first.session.isLost && first.session.answers === answersBefore;
      const mayBeOutdated = first.wasUsed && (wasDead || isReadOnly(error));
      if (!mayBeOutdated || signal.aborted) throw error;
    }
    this.renew(); // the other connections have most likely failed for the same reason
    return await this.#lend(await this.#acquire(signal), signal, work);
  }

  /** Replaces all current sessions: idle ones at once, the others when they are returned. */
  renew(): void {
    this.#generation += 1;
    for (const idle of [...this.#idle]) idle.session.close();
  }

  /** Closes idle sessions now, and every other session when it is returned. */
  close(): void {
    this.#closing.abort();
    this.#allowance.close();
    clearTimeout(this.#refusalTimer);
    this.renew();
  }

  /** Returns a session that is idle, becomes free or is opened, whichever comes first. */
  async #acquire(signal: AbortSignal): Promise<PooledSession> {
    signal.throwIfAborted();
    const idle = this.#takeIdle();
    if (idle !== undefined) return idle;
    if (this.#waiters.size > 0 || !this.#takePlace()) {
      const given = await this.#wait(signal);
      if (given !== 'place') return given;
    }
    for (;;) {
      const opened = await this.#open(signal);
      if (opened !== undefined) return opened;
      const given = await this.#wait(signal);
      if (given !== 'place') return given;
    }
  }

  /** Opens a session in the place that was reserved for it. Returns undefined if the server has no room. */
  async #open(signal: AbortSignal): Promise<PooledSession | undefined> {
    try {
      return this.#opened(await openSession(this.#options, signal));
    } catch (error) {
      this.#openCount -= 1;
      if (isTooManyConnections(error) && !signal.aborted) {
        this.#refusedBy(error as Error);
        return undefined;
      }
      this.#offerPlaces();
      throw error;
    }
  }

  #opened(session: Session): PooledSession {
    this.#refusal = undefined;
    this.#allowance.learn(session.facts.connectionsMax);
    this.#offerPlaces();
    const pooled = new PooledSession(session, this.#generation, this.#options.ageMsMax);
    const ageTimer = setTimeout(() => {
      if (this.#idle.includes(pooled)) session.close();
    }, pooled.leftMs).unref();
    session.onceEnded(() => {
      clearTimeout(ageTimer);
      this.#onEnded(pooled);
    });
    return pooled;
  }

  #refusedBy(error: Error): void {
    this.#refusal = error;
    this.#allowance.refused(this.#openCount);
    const pauseMs = REFUSED_PAUSE_MS + REFUSED_JITTER_MS * Math.random();
    this.#refusalTimer ??= setTimeout(() => {
      this.#refusalTimer = undefined;
      this.#offerPlaces();
    }, pauseMs).unref();
  }

  #takePlace(): boolean {
    const isFree = this.#openCount < this.#allowance.connections && this.#refusalTimer === undefined;
    if (isFree) this.#openCount += 1;
    return isFree;
  }

  #offerPlaces(): void {
    for (;;) {
      const next = this.#waiters.first;
      if (next === undefined || !this.#takePlace()) return;
      next('place');
    }
  }

  #wait(signal: AbortSignal): Promise<Given> {
    signal.throwIfAborted();
    const { connectionsMax, waitersMax } = this.#options;
    // Calls that wait because the pool may not open all its connections now don't count toward `waitersMax`.
    if (this.#waiters.size >= waitersMax + connectionsMax - this.#openCount) {
      throw new SlotsExhaustedError(waitersMax);
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        signal.removeEventListener('abort', onAbort);
        this.#waiters.remove(entry);
      };
      const onAbort = () => {
        leave();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      const entry = this.#waiters.add((given) => {
        leave();
        resolve(given);
      });
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  async #lend<T>(
    pooled: PooledSession,
    signal: AbortSignal,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    const { session } = pooled;
    const onAbort = () => session.destroy(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const result = await work(session);
      this.#takeBack(pooled);
      return result;
    } catch (error) {
      session.destroy(error);
      this.#gone();
      if (isReadOnly(error)) this.#options.onReadOnly();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #takeIdle(): PooledSession | undefined {
    const idle = this.#idle.pop();
    if (idle !== undefined) this.#endIdleTime(idle);
    return idle;
  }

  #takeBack(pooled: PooledSession): void {
    if (pooled.session.isLost || !this.#isKept(pooled)) {
      pooled.session.close();
      this.#gone();
      return;
    }
    pooled.wasUsed = true;
    if (pooled.needsSuccessor) void this.#openSuccessor(pooled);
    const next = this.#waiters.first;
    if (next === undefined) this.#keepIdle(pooled);
    else next(pooled);
  }

  #isKept(pooled: PooledSession): boolean {
    if (this.#closing.signal.aborted || pooled.generation !== this.#generation) return false;
    if (pooled.successor === 'open' || pooled.leftMs <= 0) return false;
    return this.#openCount <= this.#allowance.connections;
  }

  #keepIdle(pooled: PooledSession): void {
    pooled.idleTimeout = this.#idleTimeouts.start(() => {
      pooled.session.close();
    });
    this.#idle.push(pooled);
  }

  #endIdleTime(pooled: PooledSession): void {
    if (pooled.idleTimeout !== undefined) this.#idleTimeouts.end(pooled.idleTimeout);
    pooled.idleTimeout = undefined;
  }

  #onEnded(pooled: PooledSession): void {
    const index = this.#idle.indexOf(pooled);
    if (index < 0) return; // it is in use
    this.#idle.splice(index, 1);
    this.#endIdleTime(pooled);
    this.#gone();
  }

  #gone(): void {
    this.#openCount -= 1;
    this.#offerPlaces();
  }

  /**
   * Opens a successor before a busy connection reaches its age limit, so that no call waits for a new connection. If
   * the pool is full, or no successor can be opened, the old connection stays in use until its age limit, and the next
   * call opens a new one.
   */
  async #openSuccessor(old: PooledSession): Promise<void> {
    if (!this.#takePlace()) return;
    old.successor = 'opening';
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(SUCCESSOR_DEADLINE_MS)]);
    try {
      const young = this.#opened(await openSession(this.#options, signal));
      old.successor = 'open';
      this.#takeBack(young);
      if (this.#idle.includes(old)) old.session.close();
    } catch {
      this.#gone();
    }
  }
}
