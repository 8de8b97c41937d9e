import tseslint from 'typescript-eslint';

const FUNCTION_LINES_MAX = 70;
const FILE_LINES_MAX = 300;

export default tseslint.config(
  {
    ignores: [
      '**/dist/**',
      '**/node_modules/**',
      '**/*.cjs',
      'tests/e2e/fixtures/**',
      'tests/bindings/*-app/**',
      'tests/client-package/types-app/**',
      'tests/client-platforms/programs/**',
      'eslint.config.js',
      'reports/**',
      'site/**',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        project: [
          './tsconfig.checks.json',
          './packages/client-sdk/tsconfig.checks.json',
          './packages/client-binding/tsconfig.checks.json',
          './web-client/tsconfig.json',
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      'max-lines': ['error', { max: FILE_LINES_MAX, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': [
        'error',
        { max: FUNCTION_LINES_MAX, skipBlankLines: true, skipComments: true },
      ],
      'max-params': ['error', 4],
      complexity: ['error', 12],
      eqeqeq: 'error',
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'prefer-const': ['error', { ignoreReadBeforeAssign: true }],
      'no-console': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': [
        'error',
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // An index that noUncheckedIndexedAccess calls possibly undefined may be asserted in a test only.
      '@typescript-eslint/no-non-null-assertion': 'error',
    },
  },
  {
    files: ['**/test/**', 'tests/**'],
    rules: {
      'max-lines-per-function': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  {
    // Examples are plain scripts, to be copied out of here: no project gives them types.
    files: ['examples/**'],
    ...tseslint.configs.disableTypeChecked,
  },
);
