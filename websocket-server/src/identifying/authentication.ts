import {
  type ClientToken,
  type ClientTokenResult,
  type ClientTokenSettings,
  type ClientTokenVerifier,
  createClientTokenVerifier,
} from '@postline/client-tokens';
import { CLOSE_CODES, type IdentifyFrame } from '@postline/protocol';
import type { Logger } from '@postline/service-runtime';
import type { Connection } from '../connection/connection.ts';
import type { RelayCounters } from '../metrics/relay-counters.ts';
import { TokenExpiry } from './token-expiry.ts';

/** Whose a connection is: settled before anything is subscribed or read for it. */
export interface Authentication {
  /** Calls `onAccepted` once the client is who it says, with its token where one is needed; else the connection ends. */
  identify(connection: Connection, frame: IdentifyFrame, onAccepted: OnAccepted): void;
  /** A further token came. */
  renew(connection: Connection, clientId: string, token: string): void;
  /** The connection is over. */
  forget(connection: Connection): void;
  stop(): void;
}

export type OnAccepted = (token: ClientToken | undefined) => void;

/** Where everybody is who they say: a token is not looked at. */
export const OPEN_AUTHENTICATION: Authentication = {
  identify: (_connection, _frame, onAccepted) => {
    onAccepted(undefined);
  },
  renew: (connection) => {
    connection.confirmToken(null);
  },
  forget: () => undefined,
  stop: () => undefined,
};

export interface AuthenticationOptions extends Omit<TokenAuthenticationOptions, 'verifier'> {
  /** How tokens are checked; `undefined` where none is needed. */
  readonly clientTokens: ClientTokenSettings | undefined;
}

export function createAuthentication({ clientTokens, ...options }: AuthenticationOptions): Authentication {
  if (clientTokens === undefined) return OPEN_AUTHENTICATION;
  const verifier = createClientTokenVerifier(clientTokens, { logger: options.logger });
  return new TokenAuthentication({ verifier, ...options });
}

export interface TokenAuthenticationOptions {
  readonly verifier: ClientTokenVerifier;
  readonly counters: RelayCounters;
  readonly logger: Logger;
  /** What limits for an address count a connection by. */
  readonly addressOf: (connection: Connection) => string;
  /** A token was bad, not merely too old. */
  readonly onBadToken: (connection: Connection) => void;
  /** Whether a token counts no longer, although it is good: the client was disconnected since. */
  readonly isWithdrawn: (connection: Connection, token: ClientToken) => Promise<boolean>;
}

type Refused = Pick<Extract<ClientTokenResult, { ok: false }>, 'refusal' | 'reason'>;
const MISSING: Refused = { refusal: 'invalid', reason: 'missing' };
const OTHER_CLIENT: Refused = { refusal: 'invalid', reason: 'other_client' };
const WITHDRAWN: Refused = { refusal: 'invalid', reason: 'withdrawn' };

interface Check {
  readonly clientId: string;
  readonly token: string;
  readonly onAccepted: (token: ClientToken) => void;
  /** Whether the connection goes on where nothing can be said of this token: it has another one. */
  readonly hasAnother: boolean;
}

/** Where a connection needs a token: at `identify`, and a fresh one before that expires. */
export class TokenAuthentication implements Authentication {
  readonly #options: TokenAuthenticationOptions;
  readonly #expiry = new TokenExpiry<Connection>((connection) => {
    connection.fail('token_expired', CLOSE_CODES.tokenExpired);
  });
  /** Connections of which a token is being checked, and the newest that came meanwhile: those between need no look. */
  readonly #checking = new Map<Connection, Check | undefined>();

  constructor(options: TokenAuthenticationOptions) {
    this.#options = options;
  }

  identify(connection: Connection, { clientId, token }: IdentifyFrame, onAccepted: OnAccepted): void {
    if (token === undefined) return this.#refuse(connection, MISSING);
    this.#begin(connection, { clientId, token, onAccepted, hasAnother: false });
  }

  renew(connection: Connection, clientId: string, token: string): void {
    const onAccepted = ({ expiresAt }: ClientToken) => {
      connection.confirmToken(new Date(expiresAt));
    };
    const check: Check = { clientId, token, onAccepted, hasAnother: true };
    if (this.#checking.has(connection)) this.#checking.set(connection, check);
    else this.#begin(connection, check);
  }

  forget(connection: Connection): void {
    this.#expiry.remove(connection);
  }

  stop(): void {
    this.#expiry.stop();
  }

  #begin(connection: Connection, check: Check): void {
    this.#checking.set(connection, undefined);
    this.#checkAll(connection, check)
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error, connectionId: connection.id }, 'checking a token failed');
        connection.socket.terminate();
      })
      .finally(() => this.#checking.delete(connection));
  }

  /** One after the other, so that what a later frame says is what counts in the end. */
  async #checkAll(connection: Connection, first: Check): Promise<void> {
    for (let check: Check | undefined = first; check !== undefined; check = this.#checking.get(connection)) {
      this.#checking.set(connection, undefined);
      const { token } = check;
      const result = await this.#options.verifier.verify(token, this.#options.addressOf(connection));
      if (isClosed(connection)) return;
      // At `identify` that is looked at with all the rest that the database is asked for.
      const isWithdrawn =
        result.ok && check.hasAnother && (await this.#options.isWithdrawn(connection, result.value));
      if (isClosed(connection)) return;
      if (isWithdrawn) this.#refuse(connection, WITHDRAWN);
      else this.#settle(connection, check, result);
    }
  }

  #settle(connection: Connection, check: Check, result: ClientTokenResult): void {
    if (!result.ok) return this.#refuse(connection, result, check.hasAnother);
    const { clientId, expiresAt } = result.value;
    if (clientId !== check.clientId) return this.#refuse(connection, OTHER_CLIENT);
    this.#options.counters.countTokenCheck('accepted');
    this.#expiry.set(connection, expiresAt);
    check.onAccepted(result.value);
  }

  #refuse(connection: Connection, { refusal, reason }: Refused, hasAnother = false): void {
    this.#options.counters.countTokenCheck(refusal);
    this.#options.logger.debug({ connectionId: connection.id, refusal, reason }, 'a token was refused');
    switch (refusal) {
      case 'expired':
        return connection.fail('token_expired', CLOSE_CODES.tokenExpired);
      case 'unverifiable':
        if (hasAnother) return connection.tell('token_unverifiable');
        return connection.fail('token_unverifiable', CLOSE_CODES.overloaded);
      case 'invalid':
        this.#options.onBadToken(connection);
        return connection.fail('unauthorized', CLOSE_CODES.unauthorized);
    }
  }
}

function isClosed(connection: Connection): boolean {
  return connection.state === 'closed';
}
