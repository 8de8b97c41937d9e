/** The latest disconnect of a client. */
export interface Disconnect {
  /**
   * The place in the order of all disconnects, in microseconds since 1970. A connection that was admitted after this or
   * a later disconnect may stay.
   */
  readonly position: number;
  /** Tokens issued up to this time are refused: milliseconds since 1970, by the database's clock. */
  readonly tokensRefusedUpTo: number | undefined;
}

/** Whether a token that was issued at this time (milliseconds since 1970) is revoked. */
export function isTokenRevoked(issuedAt: number, latest: Disconnect | undefined): boolean {
  return latest?.tokensRefusedUpTo !== undefined && issuedAt <= latest.tokensRefusedUpTo;
}

/** The latest disconnects of some clients, and the position of the last disconnect of all; from one snapshot. */
export interface DisconnectsReading {
  /** The position of the last disconnect of all. */
  readonly head: number;
  /** By client id; a client that was never disconnected has none. */
  readonly disconnects: ReadonlyMap<string, Disconnect>;
}

export interface DisconnectRequest {
  readonly clientId: string;
  /** Whether to refuse tokens that were issued before now. */
  readonly refuseTokens: boolean;
}

/**
 * Stores which clients the API disconnected. Only each client's latest disconnect is kept, so there are at most as many
 * rows as clients. Calls end and reject as described at MessageStore.
 */
export interface DisconnectStore {
  /**
   * Records a disconnect. Commits happen in the order of positions: a reader that has seen one position has seen all
   * lower ones.
   */
  disconnect(request: DisconnectRequest): Promise<Disconnect>;

  /** Reads the latest disconnects of up to DISCONNECTS_PER_READ_MAX clients, as committed after the call. */
  readDisconnects(clientIds: readonly string[]): Promise<DisconnectsReading>;

  /** Reads up to DISCONNECTS_PER_READ_MAX disconnects after a position, in position order. */
  readDisconnectsAfter(position: number): Promise<DisconnectsReading>;
}

/** A statement of this many keys is parsed in a few milliseconds. */
export const DISCONNECTS_PER_READ_MAX = 1_000;
