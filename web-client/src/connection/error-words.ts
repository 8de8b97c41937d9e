import { explainClose, type PostlineError, type PostlineErrorCode } from '@postline/client';

const CLOSED_ABNORMALLY = 1006;
/** The relay's own close codes; lower ones are those of WebSocket. */
const OWN_CODES_FROM = 4_000;

const WORDS: Partial<Record<PostlineErrorCode, string>> = {
  open_timeout: 'The relay did not answer in time.',
  silent: 'The relay has been silent for too long.',
  gap: 'A message arrived before its predecessor, so this page requests both again.',
  inbox_full: 'Messages arrive faster than this page can show them.',
};

interface Close {
  readonly closed: number;
  /** Of the relay's error frame directly before, with its message as the cause. */
  readonly relayCode: string | undefined;
  readonly cause: unknown;
}

/** A close code of the relay means what its error says, so only the error is shown: it is more exact. */
function closeWords({ closed, relayCode, cause }: Close): string {
  if (relayCode === undefined) return explainClose(closed);
  const said = `The relay says: ${String(cause)}`;
  return closed >= OWN_CODES_FROM
    ? `${said} (${relayCode}, code ${closed}).`
    : `${explainClose(closed)} ${said} (${relayCode}).`;
}

/** Explains an error in a sentence; the library itself has codes. */
export function errorWords(error: PostlineError): string {
  const { code, closeCode, relayCode, cause } = error;
  if (code === 'relay_error') return `The relay says: ${String(cause)} (${relayCode ?? 'no code'}).`;
  if (code === 'closed_by_relay' || code === 'token_expired')
    return closeWords({ closed: closeCode ?? CLOSED_ABNORMALLY, relayCode, cause });
  return WORDS[code] ?? `This page failed: ${error.message}.`;
}
