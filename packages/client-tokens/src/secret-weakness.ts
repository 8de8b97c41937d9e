/** HS256 signs with 32 bytes; a shorter secret can be guessed from a single token, without asking anybody. */
export const SECRET_BYTES_MIN = 32;

/** 32 random characters, of hexadecimal digits even, have fewer different ones less than once in ten million. */
const DIFFERENT_CHARACTERS_MIN = 8;
/** What must be left of a secret without its well-known words: enough that nobody finds it by trying. */
const CHARACTERS_BESIDE_WORDS_MIN = 16;
/** Of neighbours that follow each other in the alphabet or on the number row, a random secret has a handful. */
const STEPS_SHARE_MAX = 0.5;

/** Words that guessers try first; longer ones before those that they contain. */
const WELL_KNOWN = new RegExp(
  [
    'your256bitsecret correcthorsebatterystaple thequickbrownfoxjumpsoverthelazydog qwertyuiop asdfghjkl zxcvbnm',
    'clienttokensecret supersecret verysecret topsecret keepitsecret changethis changeme replaceme placeholder letmein',
    'password passphrase passw0rd p4ssw0rd development production environment postline default example insecure',
    'unsafe sample secret private signing bearer client server string random please change admin token local dummy',
    'testing hello world qwerty bytes least jsonweb hs256 test this that your with long very must here some prod demo',
    'root user temp not for the and jwt key dev my is it be at in of to me do 1234567890 123456789 12345678 123456',
  ]
    .join(' ')
    .replaceAll(' ', '|'),
  'g',
);

/** Why a secret can be guessed, in words that don't repeat it; `undefined` where nothing speaks against it. */
export function secretWeakness(secret: string): string | undefined {
  if (Buffer.byteLength(secret) < SECRET_BYTES_MIN) return `must be at least ${SECRET_BYTES_MIN} bytes`;
  if (new Set(secret).size < DIFFERENT_CHARACTERS_MIN || repeatsItself(secret))
    return 'is too weak: it repeats itself';
  if (isSequence(secret)) return 'is too weak: its characters follow each other';
  if (charactersBesideWords(secret) < CHARACTERS_BESIDE_WORDS_MIN)
    return 'is too weak: it is made of well-known words';
  return undefined;
}

/** True where the whole is one part over and over, at least twice; the last may be cut short. */
function repeatsItself(secret: string): boolean {
  for (let part = 1; part <= secret.length / 2; part += 1) {
    if (secret.startsWith(secret.slice(part))) return true;
  }
  return false;
}

function isSequence(secret: string): boolean {
  let steps = 0;
  for (let index = 1; index < secret.length; index += 1) {
    if (Math.abs(secret.charCodeAt(index) - secret.charCodeAt(index - 1)) <= 1) steps += 1;
  }
  return steps > secret.length * STEPS_SHARE_MAX;
}

function charactersBesideWords(secret: string): number {
  const letters = secret.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  return letters.replaceAll(WELL_KNOWN, '').length;
}
