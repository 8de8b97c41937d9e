import { connect } from 'node:net';
import { DeadlineError } from '@postline/service-runtime';
import { expect, it } from 'vitest';
import { databaseReason } from '../src/database-reason.ts';
import { StoreUnavailableError } from '../src/message-store.ts';

/** As the driver makes them. */
function errorOf(fields: { message?: string; code?: string; errno?: number }): Error {
  return Object.assign(new Error(fields.message ?? 'x'), fields);
}

it.each([
  [
    'wrong_credentials',
    true,
    { errno: 1045, message: "Access denied for user 'u'@'h' (using password: YES)" },
  ],
  ['wrong_credentials', true, { errno: 1698 }],
  ['unknown_database', true, { errno: 1049, message: "Unknown database 'd'" }],
  ['missing_right', true, { errno: 1044 }],
  ['missing_right', true, { errno: 1142, message: "INSERT command denied to user 'u'@'h' for table 't'" }],
  [
    'auth_plugin',
    true,
    { code: 'AUTH_SWITCH_PLUGIN_ERROR', message: 'using unknown plugin dialog. See TODO' },
  ],
  ['tls', true, { code: 'HANDSHAKE_NO_SSL_SUPPORT' }],
  ['tls', true, { code: 'HANDSHAKE_SSL_ERROR', message: 'self-signed certificate in certificate chain' }],
  ['tls', false, { code: 'HANDSHAKE_SSL_ERROR', message: 'read ECONNRESET', errno: -104 }],
  ['tls', true, { errno: 3159 }],
  ['too_many_connections', false, { errno: 1040 }],
  ['too_many_connections', false, { errno: 1203 }],
  ['too_many_connections', false, { errno: 1226 }],
  ['read_only', false, { errno: 1290 }],
  ['read_only', false, { errno: 1792 }],
  ['read_only', false, { errno: 1836 }],
  ['connection_refused', false, { code: 'ECONNREFUSED', errno: -111 }],
  ['unknown_host', false, { code: 'ENOTFOUND' }],
  ['timed_out', false, { code: 'ETIMEDOUT' }],
  ['connection_lost', false, { code: 'PROTOCOL_CONNECTION_LOST' }],
  ['disk_full', false, { code: 'SQLITE_FULL' }],
  ['other', false, { code: 'SOMETHING_ELSE' }],
] as const)('[DBC-6] %s (lasting: %s) is told apart: %o', (code, isLasting, fields) => {
  const error = new StoreUnavailableError('appending failed', errorOf(fields));
  expect(databaseReason(error)).toMatchObject({ code, isLasting });
});

it('[DBC-6] the reason names a right and a plugin, and nothing else of what the server said', () => {
  const denied = errorOf({
    errno: 1142,
    message: "INSERT command denied to user 's3cr3t'@'h' for table 't'",
  });
  expect(databaseReason(denied).text).toBe('the user lacks a right at the database (INSERT)');
  const plugin = errorOf({ code: 'AUTH_SWITCH_PLUGIN_ERROR', message: 'unknown plugin parsec. See x' });
  expect(databaseReason(plugin).text).toMatch(/not supported \(parsec\)$/);
});

it('[DBC-6] the innermost error that says something counts, and what is no error gives a reason too', () => {
  const cause = new StoreUnavailableError('y', new DeadlineError('connecting', 5));
  expect(databaseReason(new StoreUnavailableError('x', cause)).code).toBe('timed_out');
  expect(databaseReason('thrown').code).toBe('other');
});

it('[DBC-6] a refused connection of this machine is one', async () => {
  const error = await new Promise((resolve) => connect({ port: 1, host: 'localhost' }).on('error', resolve));
  expect(databaseReason(error).code).toBe('connection_refused');
});
