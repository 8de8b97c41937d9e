import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { fileSetting } from './settings.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A PEM file with the certificates of a private authority; its text. Read and checked at the start. */
export function caFileSetting() {
  return fileSetting().transform((text, context) => {
    const certificates = text.match(CERTIFICATE) ?? [];
    if (certificates.length > 0 && certificates.every(isCertificate)) return text;
    context.addIssue({ code: 'custom', message: 'names a file that is no certificate in PEM' });
    return z.NEVER;
  });
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}
