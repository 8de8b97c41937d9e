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

/** A parameter of a statement: never an object, which a driver could expand into SQL. */
export type SqlValue = string | number | null;

export interface SessionOptions extends SessionRequest, DatabaseAccess {}

/** The database ended the connection, or we did. What was under way on it has an unknown outcome. */
export class ConnectionLostError extends Error {
  readonly code = 'connection_lost';

  constructor(cause: unknown) {
    super('the connection to the database was lost', { cause });
    this.name = 'ConnectionLostError';
  }
}

/**
 * One connection, set up and checked. One statement at a time. Where the driver would leave a statement waiting for
 * a silent server, `destroy` rejects it at once and releases the socket.
 */
export class Session {
  readonly facts: SessionFacts;
  /** Statements that the server has answered. */
  answers = 0;
  /** Whether `BEGIN NOT ATOMIC …; END` may be prepared as one statement: MariaDB does it, a proxy before it may not. */
  takesBlocks: boolean;
  readonly #connection: Connection;
  readonly #socket: Socket;
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
   * Runs a prepared block of statements, one of which returns rows. Resolves with undefined if the server refused it
   * unseen; then nothing was done, and the session takes no block any more.
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

  /** Runs a fixed text without values: COMMIT, ROLLBACK, SET, DDL. */
  async run(sql: string): Promise<void> {
    await this.#answer<ResultSetHeader>((settle) => {
      this.#connection.query<ResultSetHeader>(sql, settle);
    });
  }

  /**
   * Looks again at what the session is connected to: a server can be demoted, and a proxy can lead the session to another
   * one, or forget its settings. Rejects as `openSession` does, but shows a server that takes no writes.
   */
  async look(): Promise<ServerFacts> {
    const { asked, lookStatement } = this.facts;
    const [row] = await this.#answer<RowDataPacket[]>((settle) => {
      this.#connection.query<RowDataPacket[]>(lookStatement, settle);
    });
    return checkSessionVariables(variablesOfLook(row ?? {}), asked).server;
  }

  /** Ends the connection at once; a statement under way rejects with a ConnectionLostError. */
  destroy(cause?: unknown): void {
    if (this.#lost !== undefined) return;
    this.#lost = new ConnectionLostError(cause);
    this.#rejectStatement?.(this.#lost);
    this.#socket.destroy();
    this.#onEnded?.();
  }

  /** Tells the server goodbye; for a session that nothing is under way on. */
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
          this.answers += 1;
          resolve(result);
        } else if (error.fatal) {
          this.destroy(error);
          reject(this.#lost ?? error);
        } else {
          this.answers += 1;
          reject(error);
        }
      });
    });
  }
}

/**
 * Connects, sets the session up and checks that it, and its server, are what was asked for. Rejects with a
 * SessionRefusedError, TopologyRefusedError or ServerReadOnlyError where they are not, with the driver's error if the database can't be reached, and as soon as `signal` is aborted.
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
