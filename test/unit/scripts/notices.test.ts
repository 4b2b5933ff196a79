import { describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { bundledPackages, noticesText } from '../../../scripts/build/notices.ts';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const metafile = (...files: string[]) => ({ inputs: Object.fromEntries(files.map((file) => [file, { bytes: 1, imports: [] }])), outputs: {} });

describe('the notices', () => {
  it('name every package that a bundle holds, also one inside another, and what comes beside them', () => {
    const found = bundledPackages([metafile('src/a.ts', 'node_modules/lit/index.js'), metafile('node_modules/@scope/one/x/y.js', 'node_modules/lit/node_modules/two/z.js')]);
    expect(found).toEqual([
      'node_modules/@huggingface/jinja', 'node_modules/@huggingface/tokenizers', 'node_modules/@scope/one', 'node_modules/@vscode/codicons', 'node_modules/lit', 'node_modules/lit/node_modules/two', 'node_modules/onnxruntime-common', 'node_modules/onnxruntime-node',
      'node_modules/plotly.js-cartesian-dist-min',
    ]);
  });

  it('give version, licence and text of each, and the attribution of the icons', () => {
    const text = noticesText(repository, bundledPackages([metafile('node_modules/lit/index.js')]));
    expect(text).toMatch(/lit \d+\.\d+\.\d+\n.*\nLicence: BSD-3-Clause/);
    expect(text).toContain('Codicons" is by Microsoft Corporation, licensed under CC BY 4.0');
    expect(text).toContain('Attribution 4.0 International');
    expect(text).toMatch(/onnxruntime-node 1\.\d+\.\d+[\s\S]*Permission is hereby granted/);
    expect(text).toMatch(/plotly\.js-cartesian-dist-min[\s\S]*MIT/);
  });
});
