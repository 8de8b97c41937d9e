import { createHash } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { AuthPlugin } from 'mysql2';

/** Bytes of the private scalar, and of the other half, from which nonces of signatures are derived. */
const HALF_BYTES = 32;

/**
 * Signs in by MariaDB's `ed25519`: the password's SHA-512 is the expanded private key, and it signs the server's nonce.
 * Node's own crypto can't do this, because it only takes keys that are expanded from a seed.
 */
export function signInByEd25519(password: string): AuthPlugin {
  return () => (nonce) => Promise.resolve(password === '' ? Buffer.alloc(0) : sign(nonce, password));
}

/** The signature of RFC 8032, starting after the step that expands the private key. */
function sign(nonce: Buffer, password: string): Buffer {
  const { Point } = ed25519;
  const expanded = sha512(Buffer.from(password));
  const clamped = Buffer.from(expanded.subarray(0, HALF_BYTES));
  clamped.writeUInt8(clamped.readUInt8(0) & 248, 0);
  clamped.writeUInt8((clamped.readUInt8(HALF_BYTES - 1) & 63) | 64, HALF_BYTES - 1);
  const privateScalar = Point.Fn.create(littleEndian(clamped));
  const publicKey = Point.BASE.multiply(privateScalar).toBytes();
  const r = Point.Fn.create(littleEndian(sha512(expanded.subarray(HALF_BYTES), nonce)));
  const commitment = Point.BASE.multiply(r).toBytes();
  const challenge = Point.Fn.create(littleEndian(sha512(commitment, publicKey, nonce)));
  const s = Point.Fn.add(r, Point.Fn.mul(challenge, privateScalar));
  return Buffer.concat([commitment, Point.Fn.toBytes(s)]);
}

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
