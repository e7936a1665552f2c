// Every folder of src/widgets with an index.ts becomes one self-contained ES module in the kernel
// package: anywidget imports it from a Blob URL, where no second file can be reached.
import { existsSync, readdirSync } from 'node:fs';
import { context, build } from 'esbuild';

const names = readdirSync('src/widgets', { withFileTypes: true })
  .filter(entry => entry.isDirectory() && existsSync(`src/widgets/${entry.name}/index.ts`))
  .map(entry => entry.name);

const options = {
  entryPoints: Object.fromEntries(names.map(name => [name, `src/widgets/${name}/index.ts`])),
  outdir: 'kernel/astrodata_kernel/static',
  bundle: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  logLevel: 'info'
};

if (process.argv.includes('--watch')) {
  await (await context(options)).watch();
} else {
  await build(options);
}
