import tseslint from 'typescript-eslint';

const forbid = (patterns, message) => ({
  'no-restricted-imports': [
    'error',
    { patterns: patterns.map(group => ({ group: [group], message })) }
  ]
});

export default tseslint.config(
  { ignores: ['lib', 'node_modules', 'astrodata_lab', 'kernel', 'ui-tests'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: {
      'no-console': 'error',
      eqeqeq: 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }]
    }
  },
  // The import laws of docs/architecture.md, one block a room.
  {
    files: ['src/core/**'],
    rules: forbid(
      ['@jupyterlab/*', '@lumino/*', 'react', '**/lab/**', '**/widgets/**'],
      'core is pure: both sides of the house use it.'
    )
  },
  {
    files: ['src/widgets/**'],
    rules: forbid(
      ['@jupyterlab/*', '@lumino/*', 'react', '**/lab/**'],
      'a widget bundle runs outside JupyterLab too, and must stay small.'
    )
  },
  {
    files: ['src/lab/**'],
    rules: forbid(['**/widgets/*'], 'the panel talks to kernels by inserting visible cells.')
  }
);
