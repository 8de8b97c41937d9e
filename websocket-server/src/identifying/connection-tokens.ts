import type { ClientToken } from '@postline/client-tokens';
import { CLOSE_CODES } from '@postline/protocol';
import { errorForLog, type Logger } from '@postline/service-runtime';
import type { Connection } from '../connection/connection.ts';
import { groupAccess } from '../connection/connection-groups.ts';
import type { Authentication, AuthenticationResult } from './authentication.ts';
import { TokenExpiry } from './token-expiry.ts';

export interface ConnectionTokensOptions {
  readonly authentication: Authentication;
  readonly logger: Pick<Logger, 'error'>;
  /** Whether a valid token was revoked, because the API disconnected its client after it was issued. */
  readonly isRevoked: (connection: Connection, token: ClientToken) => Promise<boolean>;
}

/**
 * The tokens of open connections: one at `identify`, and a fresh one before that expires. A connection's tokens are
 * checked one after the other, so that the last one sent is the one that counts.
 */
export class ConnectionTokens {
  readonly #options: ConnectionTokensOptions;
  readonly #expiry = new TokenExpiry<Connection>((connection) => {
    connection.fail('token_expired', CLOSE_CODES.tokenExpired);
  });
  /** Connections whose token is being checked, with the newest one that waits; it makes those before it pointless. */
  readonly #checking = new Map<Connection, string | undefined>();

  constructor(options: ConnectionTokensOptions) {
    this.#options = options;
  }

  /** Checks the token of an `identify`. Undefined if it was refused, and the connection is closed. */
  async authenticate(
    connection: Connection,
    claim: { readonly clientId: string; readonly token?: string | undefined },
  ): Promise<{ readonly token: ClientToken | undefined } | undefined> {
    this.#checking.set(connection, undefined);
    // Revocation is checked later, together with what else the database is asked for.
    const result = await this.#options.authentication.authenticate({
      clientId: claim.clientId,
      token: claim.token,
      address: connection.address,
      connectionId: connection.id,
    });
    const isAccepted = connection.state !== 'closed' && this.#settle(connection, result);
    void this.#checkWaiting(connection, claim.clientId);
    return isAccepted && result.ok ? result : undefined;
  }

  /** Checks a token that the client sent later. */
  renew(connection: Connection, clientId: string, token: string): void {
    const isBusy = this.#checking.has(connection);
    this.#checking.set(connection, token);
    if (!isBusy) void this.#checkWaiting(connection, clientId);
  }

  forget(connection: Connection): void {
    this.#expiry.remove(connection);
  }

  stop(): void {
    this.#expiry.stop();
  }

  async #checkWaiting(connection: Connection, clientId: string): Promise<void> {
    try {
      for (let token = this.#checking.get(connection); token !== undefined; ) {
        this.#checking.set(connection, undefined);
        await this.#checkRenewal(connection, clientId, token);
        token = this.#checking.get(connection);
      }
    } catch (error) {
      this.#options.logger.error(
        { err: errorForLog(error), connectionId: connection.id },
        'checking a token failed',
      );
      connection.socket.terminate();
    } finally {
      this.#checking.delete(connection);
    }
  }

  async #checkRenewal(connection: Connection, clientId: string, token: string): Promise<void> {
    if (connection.state === 'closed') return;
    const { authentication, isRevoked } = this.#options;
    const claimant = { clientId, token, address: connection.address, connectionId: connection.id };
    const result = await authentication.authenticate(claimant, (valid) => isRevoked(connection, valid));
    if (isClosed(connection)) return;
    if (!result.ok && result.refusal === 'unverifiable') {
      connection.reportError('token_unverifiable'); // the token before it still counts
    } else if (this.#settle(connection, result)) {
      const expiresAt = result.ok ? result.token?.expiresAt : undefined;
      connection.confirmToken(expiresAt === undefined ? null : new Date(expiresAt));
      connection.groups?.onToken();
    }
  }

  /** Notes when the token expires; closes the connection if it was refused. */
  #settle(connection: Connection, result: AuthenticationResult): boolean {
    if (result.ok) {
      if (result.token !== undefined) {
        this.#expiry.set(connection, result.token.expiresAt);
        connection.groupAccess = groupAccess(result.token);
      }
      return true;
    }
    switch (result.refusal) {
      case 'expired':
        connection.fail('token_expired', CLOSE_CODES.tokenExpired);
        break;
      case 'unverifiable':
        connection.fail('token_unverifiable', CLOSE_CODES.overloaded);
        break;
      case 'invalid':
        connection.fail('unauthorized', CLOSE_CODES.unauthorized);
        break;
    }
    return false;
  }
}

function isClosed(connection: Connection): boolean {
  return connection.state === 'closed';
}
