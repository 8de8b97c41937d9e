import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { readSmallFile } from './settings.ts';

/** Bundles with the authorities of a whole cloud take some hundred KB. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g;

/** A PEM file with the certificates of a private authority, as text. It is read and checked at the start. */
export function caFileSetting() {
  return z.string().transform((path, context) => {
    try {
      return checkCertificates(readPemFile(path));
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });
}

/** The content of a PEM file. Throws an error whose message says why it cannot be read. */
export function readPemFile(path: string): string {
  return readSmallFile(path, FILE_BYTES_MAX);
}

/** Returns the PEM text. Throws if it holds no certificate, or a broken one. */
export function checkCertificates(pem: string): string {
  const certificates = pem.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) throw new Error('holds no certificate (PEM)');
  for (const certificate of certificates) {
    try {
      new X509Certificate(certificate);
    } catch (error) {
      throw new Error('holds a broken certificate', { cause: error });
    }
  }
  return pem;
}
