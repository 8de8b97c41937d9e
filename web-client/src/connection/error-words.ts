import { explainClose, type PostlineError, type PostlineErrorCode } from '@postline/client';

const CLOSED_ABNORMALLY = 1006;

const WORDS: Partial<Record<PostlineErrorCode, string>> = {
  open_timeout: 'The relay did not answer in time.',
  silent: 'The relay has been silent for too long.',
  gap: 'A message arrived before its predecessor, so this page requests both again.',
  inbox_full: 'Messages arrive faster than this page can show them.',
};

/** Explains an error in a sentence; the library itself has codes. */
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
