import type { Socket } from 'node:net';
import type { Connection, QueryError, ResultSetHeader, RowDataPacket } from 'mysql2';
import { type DatabaseAccess, startConnection } from './database-connection.ts';
import type { ServerFacts } from './server-facts.ts';
import {
  checkSessionVariables,
  correctingStatements,
  type SessionFacts,
  type SessionRequest,
  sessionStatements,
} from './session-settings.ts';
import { isStatementUnknown } from './sql-error.ts';
import { SESSION_VARIABLES_QUERY, variablesOfLook } from './session-variables.ts';

/** A parameter of a statement. Never an object, which a driver could expand into SQL. */
export type SqlValue = string | number | null;

export interface SessionOptions extends SessionRequest, DatabaseAccess {}

/** The database or this process ended the connection. The outcome of a running statement is unknown. */
export class ConnectionLostError extends Error {
  readonly code = 'connection_lost';

  constructor(cause: unknown) {
    super('the connection to the database was lost', { cause });
    this.name = 'ConnectionLostError';
  }
}

/**
 * One connection, configured and checked. It runs one statement at a time. If the server is silent, the driver would
 * let a statement wait forever; `destroy` rejects it at once and releases the socket.
 */
export class Session {
  readonly facts: SessionFacts;
  /** The number of statements that the server has answered. */
  answers = 0;
  /** Whether `BEGIN NOT ATOMIC …; END` can be prepared as one statement. MariaDB can do it, but a proxy may not. */
  takesBlocks: boolean;
  readonly #connection: Connection;
  readonly #socket: Socket;
  #answeredAtMs = performance.now();
  #onEnded: (() => void) | undefined;
  #rejectStatement: ((error: Error) => void) | undefined;
  #lost: ConnectionLostError | undefined;

  /** Use `openSession`. */
  constructor(connection: Connection, socket: Socket, facts: SessionFacts) {
    this.#connection = connection;
    this.#socket = socket;
    this.facts = facts;
    this.takesBlocks = facts.server.isMariadb;
    const end = (error?: unknown) => this.destroy(error);
    connection.on('error', end);
    socket.once('end', end);
    socket.once('close', end);
    if (socket.destroyed) this.destroy();
  }

  /** Milliseconds since the server's last answer, or since the session was opened. */
  get silentMs(): number {
    return performance.now() - this.#answeredAtMs;
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Calls `listener` when the connection ends, for any reason; it replaces an earlier listener. */
  onceEnded(listener: () => void): void {
    this.#onEnded = listener;
  }

  /** Runs a prepared statement that returns rows. */
  select<Row extends object>(sql: string, values: readonly SqlValue[]): Promise<readonly Row[]> {
    return this.#answer<(Row & RowDataPacket)[]>((settle) => {
      this.#connection.execute<(Row & RowDataPacket)[]>(sql, [...values], settle);
    });
  }

  /**
   * Runs a prepared block of statements, one of which returns rows. Resolves with undefined if the server does not
   * accept blocks: then nothing was done, and later calls do not try again.
   */
  async selectInBlock<Row extends object>(
    sql: string,
    values: readonly SqlValue[],
  ): Promise<readonly Row[] | undefined> {
    try {
      const [rows] = await this.#answer<[(Row & RowDataPacket)[], ResultSetHeader]>((settle) => {
        this.#connection.execute<[(Row & RowDataPacket)[], ResultSetHeader]>(sql, [...values], settle);
      });
      return rows;
    } catch (error) {
      if (!isStatementUnknown(error)) throw error;
      this.takesBlocks = false;
      return undefined;
    }
  }

  /** Runs a prepared statement that changes rows; returns the first id that it generated, if any. */
  async change(sql: string, values: readonly SqlValue[]): Promise<{ readonly firstId: number }> {
    const header = await this.#answer<ResultSetHeader>((settle) => {
      this.#connection.execute<ResultSetHeader>(sql, [...values], settle);
    });
    return { firstId: header.insertId };
  }

  /** Runs a fixed statement without values: COMMIT, ROLLBACK, SET, DDL. */
  async run(sql: string): Promise<void> {
    await this.#answer<ResultSetHeader>((settle) => {
      this.#connection.query<ResultSetHeader>(sql, settle);
    });
  }

  /**
   * Checks the server again: it may have been demoted, or a proxy may have moved the session to another server or lost
   * its settings. Rejects as `openSession` does, but a read-only server is reported in the result.
   */
  async look(): Promise<ServerFacts> {
    const { asked, lookStatement } = this.facts;
    const [row] = await this.#answer<RowDataPacket[]>((settle) => {
      this.#connection.query<RowDataPacket[]>(lookStatement, settle);
    });
    return checkSessionVariables(variablesOfLook(row ?? {}), asked).server;
  }

  /** Ends the connection at once. A running statement rejects with a ConnectionLostError. */
  destroy(cause?: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLostError(cause);
    this.#rejectStatement?.(this.#lost);
    this.#socket.destroy();
    this.#onEnded?.();
  }

  /** Ends the connection properly, with a message to the server. Only for a session without a running statement. */
  close(): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLostError('closed');
    this.#connection.end();
    this.#socket.destroySoon();
    this.#onEnded?.();
  }

  #answer<T>(send: (settle: (error: QueryError | null, result: T) => void) => void): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(this.#lost);
        return;
      }
      this.#rejectStatement = reject;
      send((error, result) => {
        this.#rejectStatement = undefined;
        if (error === null) {
          this.#noteAnswer();
          resolve(result);
        } else if (error.fatal) {
          this.destroy(error);
          reject(this.#lost ?? error);
        } else {
          this.#noteAnswer();
          reject(error);
        }
      });
    });
  }

  #noteAnswer(): void {
    this.answers += 1;
    this.#answeredAtMs = performance.now();
  }
}

/**
 * Connects, configures the session, and checks that the session and its server are as requested. Otherwise it rejects
 * with a SessionRefusedError, TopologyRefusedError or ServerReadOnlyError. It rejects with the driver's error if the
 * database can't be reached, and at once when `signal` is aborted.
 */
export function openSession(options: SessionOptions, signal: AbortSignal): Promise<Session> {
  return new Promise((resolve, reject) => {
    const { connection, socket } = startConnection(options);
    const fail = (error: unknown) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(error instanceof Error ? error : new ConnectionLostError(error));
    };
    const onAbort = () => fail(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
    connection.on('error', fail);
    socket.once('close', () => fail(new ConnectionLostError(undefined)));
    setUp(connection, options)
      .then((facts) => {
        signal.removeEventListener('abort', onAbort);
        connection.removeListener('error', fail);
        resolve(new Session(connection, socket, facts));
      })
      .catch(fail);
  });
}

async function setUp(connection: Connection, options: SessionOptions): Promise<SessionFacts> {
  const query = (sql: string) =>
    new Promise<RowDataPacket[]>((resolve, reject) => {
      connection.query<RowDataPacket[]>(sql, (error, rows) => {
        if (error === null) resolve(rows);
        else reject(error);
      });
    });
  const readVariables = async () => {
    const rows = await query(SESSION_VARIABLES_QUERY);
    return new Map(rows.map((row) => [String(row['Variable_name']), String(row['Value'])]));
  };
  for (const statement of sessionStatements(options)) await query(statement);
  const variables = await readVariables();
  const corrections = correctingStatements(variables);
  if (corrections.length === 0) return checkSessionVariables(variables, options);
  for (const statement of corrections) await query(statement);
  return checkSessionVariables(await readVariables(), options);
}
