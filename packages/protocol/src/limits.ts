/**
 * Bounds on everything that crosses a process boundary. Bounds that only one service needs are in its configuration.
 */

/** MySQL's TEXT holds 65,535 bytes; a longer message would be truncated. */
export const MESSAGE_BYTES_MAX = 65_535;

/**
 * Levels of arrays and objects in a message given as JSON: JSON.stringify calls itself for each, and so do many parsers
 * of readers, which give up at 1,000 or later.
 */
export const MESSAGE_JSON_LEVELS_MAX = 500;

/** Long enough for a prefixed UUID or an e-mail-like id, short enough for an index key in every supported server. */
export const TARGET_ID_CHARACTERS_MAX = 128;

/** A target id without its `group:`. */
export const GROUP_NAME_CHARACTERS_MAX = TARGET_ID_CHARACTERS_MAX - 'group:'.length;

/** Enough for any key, and fits a unique index together with the publisher's name. */
export const IDEMPOTENCY_KEY_CHARACTERS_MAX = 255;

/** A batch is one transaction; a larger one would lock its targets' counters for too long. */
export const BATCH_MESSAGES_MAX = 1_000;

/** A message of 65,535 bytes takes up to 393,210 bytes if every character is a \uXXXX escape. */
export const MESSAGE_BODY_BYTES_MAX = 512 * 1024;

/** Room for 1,000 ordinary messages, or for about 20 of the longest ones with every character escaped. */
export const BATCH_BODY_BYTES_MAX = 8 * 1024 * 1024;

/** One page of a target's log over HTTP. */
export const LOG_PAGE_MESSAGES_MAX = 1_000;

/** The size of a page if the reader names none. */
export const LOG_PAGE_MESSAGES_DEFAULT = 100;

/** Messages in one answer to a `history` frame: four screens of a chat; every client waits while the relay encodes them. */
export const HISTORY_MESSAGES_MAX = 200;

/** Messages in that answer if the frame names no limit: one screen. */
export const HISTORY_MESSAGES_DEFAULT = 50;

/** `history` frames of one connection that wait for the answer to an earlier one: one for each target of a usual page. */
export const HISTORY_WAITING_MAX = 8;

/** A UUID fits; the relay keeps the id until it has answered. */
export const REQUEST_ID_CHARACTERS_MAX = 64;

/** Any frame from a client but `identify`: a token of 8 KB fits many times over. */
export const CLIENT_FRAME_BYTES_MAX = 64 * 1024;

/** An `identify` frame names a cursor for each followed target: 1,001 of the longest ids with their offsets. */
export const IDENTIFY_FRAME_BYTES_MAX = 256 * 1024;

/** Groups that one connection follows: each costs the relay a follower, and `identified` an entry of some 170 bytes. */
export const FOLLOWED_GROUPS_MAX = 1_000;

/** A cursor for each target that a connection can follow: its own and its groups. */
export const RESUME_OFFSETS_MAX = FOLLOWED_GROUPS_MAX + 1;

/** Messages before now that a connection can ask for in each target: a few pages of a log. */
export const RESUME_LAST_MAX = 1_000;

/** Stored groups of one client: as many as its connection can follow. */
export const GROUPS_PER_CLIENT_MAX = 1_000;

/** Joins and leaves in one request: one transaction that holds the group's counter. */
export const MEMBERS_PER_BATCH_MAX = 1_000;

/** Messages before a join that a new member can ask for: one page of the log. */
export const JOIN_HISTORY_MESSAGES_MAX = 1_000;

/** Members of a group, or groups of a client, in one answer. */
export const MEMBERS_PAGE_MAX = 1_000;

/** The size of that page if the reader names none. */
export const MEMBERS_PAGE_DEFAULT = 100;

/** Names a client's device; part of an index key. */
export const DEVICE_ID_CHARACTERS_MAX = 64;

/** Devices whose acks are stored for one client: more than a person owns. A further device replaces the oldest. */
export const DEVICES_PER_CLIENT_MAX = 100;

/** Receipts in one answer: all devices of a client many times over. */
export const RECEIPTS_PER_ANSWER_MAX = 1_000;

/** A signed token with many claims; verifying larger ones would waste work on unauthenticated clients. */
export const TOKEN_BYTES_MAX = 8 * 1024;

/** Epochs have 22 characters; the bound applies to those that clients send. */
export const EPOCH_CHARACTERS_MAX = 64;
