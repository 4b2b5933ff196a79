/** What is bundled into `dist/`: the extension, the engine process, the pages of the views. */
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions, BuildResult, Plugin } from 'esbuild';
import { bundledPackages, noticesText } from './notices.ts';

export const repository: string = fileURLToPath(new URL('../..', import.meta.url));

const webviews = ['inspector', 'semantic', 'algorithmic', 'findings-map'];

const shared: BuildOptions = {
  absWorkingDir: repository, bundle: true, metafile: true, minify: true, sourcemap: false, legalComments: 'eof', logLevel: 'warning', charset: 'utf8',
};

/** Writes all bundles and the files that they load at run time. `target` is a platform as VS Code names it. */
export async function buildAll(target: string): Promise<void> {
  rmSync(join(repository, 'dist'), { recursive: true, force: true });
  const host = await build({
    ...shared, entryPoints: ['src/extension/extension.ts'], outfile: 'dist/extension.cjs', format: 'cjs', platform: 'node', target: 'node20', external: ['vscode'],
  });
  const engine = await build({
    ...shared, entryPoints: ['src/server/main.ts'], outfile: 'dist/engine.mjs', format: 'esm', platform: 'node', target: 'node20', external: ['onnxruntime-node'],
    // Modules of the CommonJS kind inside the bundle ask for Node's own with `require`.
    banner: { js: "import { createRequire as createRequireForBundle } from 'node:module'; const require = createRequireForBundle(import.meta.url);" },
    plugins: [withoutImageCodecs],
  });
  const pages: BuildResult[] = [];
  for (const view of webviews) {
    pages.push(await build({ ...shared, entryPoints: [`webview-ui/${view}/main.ts`], outfile: `dist/webview/${view}.js`, format: 'iife', platform: 'browser', target: 'es2022' }));
    await build({ ...shared, entryPoints: [`webview-ui/${view}/${view}.css`], outfile: `dist/webview/${view}.css` });
  }
  for (const file of ['codicon.css', 'codicon.ttf']) copy(`node_modules/@vscode/codicons/dist/${file}`, `dist/webview/${file}`);
  copy('node_modules/plotly.js-cartesian-dist-min/plotly-cartesian.min.js', 'dist/webview/plotly.js');
  copyRuntime(target);
  const bundles = [host, engine, ...pages].map(({ metafile }) => metafile!);
  writeFileSync(join(repository, 'dist', 'THIRD-PARTY-NOTICES.txt'), noticesText(repository, bundledPackages(bundles)));
}

/** onnxruntime beside the engine, with the binaries of one platform only. */
function copyRuntime(target: string): void {
  const [platform, architecture] = target.split('-') as [string, string];
  const from = 'node_modules/onnxruntime-node';
  const to = 'dist/node_modules/onnxruntime-node';
  for (const part of ['package.json', 'dist', `bin/napi-v6/${platform}/${architecture}`]) copy(`${from}/${part}`, `${to}/${part}`);
  for (const part of ['package.json', 'dist/cjs']) copy(`node_modules/onnxruntime-common/${part}`, `dist/node_modules/onnxruntime-common/${part}`);
}

function copy(from: string, to: string): void {
  mkdirSync(join(repository, to, '..'), { recursive: true });
  // Declarations and source maps serve nobody at run time.
  cpSync(join(repository, from), join(repository, to), { recursive: true, filter: (file) => !/\.(?:d\.ts|map)$/.test(file) });
}

/**
 * transformers.js asks for `sharp` when it is loaded, and uses it when it decodes image files, which the engine never
 * lets it do: it serves for tokenizers here. Native image codecs of each platform stay out of the package.
 */
const withoutImageCodecs: Plugin = {
  name: 'without-image-codecs',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^sharp$/ }, () => ({ path: 'sharp', namespace: 'absent' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, () => ({ contents: "module.exports = () => { throw new Error('Image files are not decoded here.'); };", loader: 'js' }));
  },
};
