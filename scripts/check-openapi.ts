/**
 * Lints the API's OpenAPI document with the recommended rules of Redocly's linter. Its engine is used, not its command:
 * the command installs a hundred packages more, and sends usage data unless it is told not to.
 */
import { createConfig, formatProblems, lintFromString } from '@redocly/openapi-core';
import { createOpenApiDocument } from '@postline/api-server';

const config = await createConfig({ extends: ['recommended'] });
const problems = await lintFromString({ source: JSON.stringify(createOpenApiDocument(), null, 2), config });
formatProblems(problems, {
  format: 'codeframe',
  totals: { errors: 0, warnings: 0, ignored: 0 },
  version: '',
});
console.log(`openapi: ${problems.length} findings`);
process.exitCode = problems.length === 0 ? 0 : 1;
