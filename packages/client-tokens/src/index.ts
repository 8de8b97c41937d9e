export * from './client-token-settings.ts';
export * from './client-token-verifier.ts';
export * from './sign-client-token.ts';
