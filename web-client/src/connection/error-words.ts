import { explainClose, type PostlineError, type PostlineErrorCode } from '@postline/client';

const CLOSED_ABNORMALLY = 1006;

const WORDS: Partial<Record<PostlineErrorCode, string>> = {
  open_timeout: 'The relay could not be reached in time.',
  silent: 'The relay has been silent for too long.',
  gap: 'A message came before the one it follows, so this page asks for both again.',
  inbox_full: 'Messages come faster than this page can show them.',
};

/** What went wrong, in plain words: the library itself says it in codes. */
export function errorWords(error: PostlineError): string {
  const { code, closeCode, relayCode, cause } = error;
  const said = `The relay says: ${String(cause)} (${relayCode ?? 'no code'}).`;
  if (code === 'relay_error') return said;
  if (code === 'closed_by_relay' || code === 'token_expired') {
    const explanation = explainClose(closeCode ?? CLOSED_ABNORMALLY);
    return relayCode === undefined ? explanation : `${explanation} ${said}`;
  }
  return WORDS[code] ?? `This page failed: ${error.message}.`;
}
