import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';

/** Bundles of a whole cloud's authorities take some hundred KB. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** The text of a small file; throws an error whose message says why it can't be read. */
export function readPemFile(path: string): string {
  try {
    if (statSync(path).size > FILE_BYTES_MAX) throw new Error('too large');
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'too large';
    throw new Error(`names a file that can not be read (${code})`, { cause: error });
  }
}

/** The certificates in a PEM text, checked; throws where there is none or one is broken. */
export function checkCertificates(pem: string): string {
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error('holds no certificate (PEM)');
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw new Error('holds a certificate that can not be read', { cause: error });
    }
  }
  return pem;
}
