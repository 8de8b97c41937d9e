import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram } from './find-program.ts';

const run = promisify(execFile);

/** Files in PEM. */
export interface TestCertificates {
  /** The authority's certificate. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  readonly folder: string;
  /** The subject's alternative name, as `openssl` writes it: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly subject: string;
}

/** Makes a new authority and a server certificate signed by it, valid for a day. */
export async function makeCertificates({ folder, subject }: CertificateOptions): Promise<TestCertificates> {
  const openssl = findProgram('openssl');
  const path = (name: string) => join(folder, name);
  const files = { ca: path('ca.pem'), cert: path('cert.pem'), key: path('key.pem') };
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  await run(openssl, [
    ...['req', '-x509', ...newKey, '-keyout', path('ca-key.pem'), '-out', files.ca],
    ...['-days', '1', '-subj', '/CN=test authority'],
  ]);
  const request = path('request.pem');
  await run(openssl, ['req', ...newKey, '-keyout', files.key, '-out', request, '-subj', '/CN=test server']);
  const extensions = path('extensions.cnf');
  await writeFile(extensions, `subjectAltName=${subject}\n`);
  await run(openssl, [
    ...['x509', '-req', '-in', request, '-CA', files.ca, '-CAkey', path('ca-key.pem'), '-CAcreateserial'],
    ...['-out', files.cert, '-days', '1', '-extfile', extensions],
  ]);
  return files;
}
