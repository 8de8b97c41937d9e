/** The latest disconnect of a client. */
export interface Disconnect {
  /**
   * Its place in the order of all disconnects, in microseconds since 1970: a connection that was let in after a higher or
   * the same one may stay.
   */
  readonly position: number;
  /** Tokens that were issued up to then are refused: milliseconds since 1970, by the database's clock. */
  readonly tokensRefusedUpTo: number | undefined;
}

/** Whether a token that was issued at this time is revoked; milliseconds since 1970. */
export function isTokenRevoked(issuedAt: number, latest: Disconnect | undefined): boolean {
  return latest?.tokensRefusedUpTo !== undefined && issuedAt <= latest.tokensRefusedUpTo;
}

/** The latest disconnects of some clients, and the position of the last one of all; from one snapshot. */
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
 * Which clients the API disconnected: a log of its own, of which only each client's latest entry is kept, so there are at
 * most as many rows as clients. Calls end and reject as those of the MessageStore do.
 */
export interface DisconnectStore {
  /** Records a disconnect. Positions are given in the order of their commits: who has seen one has seen all before it. */
  disconnect(request: DisconnectRequest): Promise<Disconnect>;

  /** Reads the latest disconnects of up to DISCONNECTS_PER_READ_MAX clients, as committed after the call. */
  readDisconnects(clientIds: readonly string[]): Promise<DisconnectsReading>;

  /** Reads up to DISCONNECTS_PER_READ_MAX disconnects that have a greater position, in their order. */
  readDisconnectsAfter(position: number): Promise<DisconnectsReading>;
}

/** A statement of this many keys is parsed in a few milliseconds. */
export const DISCONNECTS_PER_READ_MAX = 1_000;
