import { Slots } from '@postline/service-runtime';
import { openSession, type Session, type SessionOptions } from './session.ts';

export interface SessionPoolOptions extends SessionOptions {
  /** Connections at once. */
  readonly connectionsMax: number;
  /** Calls that may wait for one. */
  readonly waitersMax: number;
  /** A connection that was not used for so long is closed: sooner than the server would do it. */
  readonly idleMs: number;
}

interface IdleSession {
  readonly session: Session;
  readonly closeTimer: NodeJS.Timeout;
}

/**
 * Connections of one role, made when needed, at most `connectionsMax`. The driver's own pool is not used: neither its
 * queue limit nor its timeouts bound a call while the server is frozen, and it hands out connections that died idle.
 */
export class SessionPool {
  readonly #options: SessionPoolOptions;
  readonly #slots: Slots;
  readonly #idle: IdleSession[] = [];
  #closed = false;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#slots = new Slots({ slotsMax: options.connectionsMax, waitersMax: options.waitersMax });
  }

  /**
   * Lends a session to `work`. When `signal` is aborted, whatever the call is in ends with a rejection and the
   * connection with it; so does one whose `work` threw. An idle connection that turns out to be dead before it answered
   * anything is replaced once, so `work` may be called twice.
   */
  use<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    return this.#slots.use(() => this.#useSession(signal, work), signal);
  }

  async #useSession<T>(signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    const reused = this.#takeIdle();
    if (reused === undefined) return await this.#lend(await this.#open(signal), signal, work);
    const answersBefore = reused.answers;
    try {
      return await this.#lend(reused, signal, work);
    } catch (error) {
      const wasDead = reused.isLost && reused.answers === answersBefore;
      if (!wasDead || signal.aborted) throw error;
    }
    this.#closeIdle(); // what ended this one has most likely ended the others
    return await this.#lend(await this.#open(signal), signal, work);
  }

  /** Closes what is idle, and from now on each session when it comes back. */
  close(): void {
    this.#closed = true;
    this.#closeIdle();
  }

  #open(signal: AbortSignal): Promise<Session> {
    return openSession(this.#options, signal);
  }

  async #lend<T>(session: Session, signal: AbortSignal, work: (session: Session) => Promise<T>): Promise<T> {
    const onAbort = () => session.destroy(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      const result = await work(session);
      this.#keep(session);
      return result;
    } catch (error) {
      session.destroy(error);
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #takeIdle(): Session | undefined {
    const idle = this.#idle.pop();
    clearTimeout(idle?.closeTimer);
    return idle?.session;
  }

  #keep(session: Session): void {
    if (session.isLost) return;
    if (this.#closed) {
      session.close();
      return;
    }
    const closeTimer = setTimeout(() => session.close(), this.#options.idleMs).unref();
    const idle = { session, closeTimer };
    this.#idle.push(idle);
    session.onceEnded(() => {
      clearTimeout(closeTimer);
      const index = this.#idle.indexOf(idle);
      if (index >= 0) this.#idle.splice(index, 1);
    });
  }

  #closeIdle(): void {
    for (const { session } of this.#idle.splice(0)) session.close();
  }
}
