/** Who asks for a page, and room for what is made for it. */
export interface Reader {
  /** Turns and room are shared by these: a key's name, a token's client, or an address. */
  readonly id: string;
  /** Asks for bytes before they are taken; false where there is no room, or the reader has gone. */
  grow(bytes: number): boolean;
  shrink(bytes: number): void;
}

/** There was no room for anything of what a reader asked for. */
export class NoRoomError extends Error {
  readonly code = 'no_room';

  constructor() {
    super('there is no room for what was asked for');
    this.name = 'NoRoomError';
  }
}
