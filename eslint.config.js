// Policy with its reasons: promises that nobody awaits are how a long-running service loses errors.
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['node_modules/', 'data/', 'coverage/', 'dist/', 'clients/typescript/operations.ts'] },
  {
    files: ['src/**/*.ts', 'src/ui/**/*.tsx', 'tests/**/*.ts', 'bench/**/*.ts', 'grafana/**/*.ts', 'clients/**/*.ts', '*.ts'],
    extends: [tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'max-lines': ['error', { max: 500 }],
      'max-lines-per-function': ['error', { max: 80, skipComments: true, skipBlankLines: true }],
      'prefer-const': 'error',
      eqeqeq: 'error',
    },
  },
  // A test file's describe block is a function too, and a list rather than a screen.
  { files: ['tests/**/*.ts'], rules: { 'max-lines-per-function': 'off' } },
);
