import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/frontend/**/*.test.ts', 'tests/frontend/**/*.test.tsx', 'tests/contract/**/*.test.ts'],
    server: { deps: { inline: [/@jupyterlab/, /@jupyter\//, /@lumino/, /@rjsf/] } }
  }
});
