/** Builds the page: src/ui -> dist/ui. */
import path from 'node:path';
import { defineConfig } from 'vite';

export default defineConfig({
  root: path.resolve(import.meta.dirname, 'src/ui'),
  base: '/',
  publicDir: false,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: path.resolve(import.meta.dirname, 'dist/ui'),
    emptyOutDir: true,
    target: 'es2023',
    // light-dark() stays as it is written
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // nothing inline: the page's policy allows its own files only
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 200,
  },
});
