import { describe, expect, it } from 'vitest';
import { unexpectedFiles } from '../../scripts/build/contents.ts';
import { readBytes } from './sources.ts';

describe('the package', () => {
  it('is an allow-list: everything is left out but what is named', () => {
    const [first, ...rest] = readBytes('.vscodeignore').toString('utf8').split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    expect(first).toBe('**');
    expect(rest.filter((line) => !line.startsWith('!'))).toEqual([]);
    expect(rest.filter((line) => /^!(?:src|test|webview-ui|scripts|node_modules|bench)\b/.test(line))).toEqual([]);
  });

  it('is refused when something slips in', () => {
    const expected = [
      'package.json', 'README.md', 'LICENSE', 'dist/engine.mjs', 'dist/webview/inspector.js', 'dist/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime.so.1',
      'zoo/models/fable-4l/model.safetensors', 'l10n/bundle.l10n.json', 'media/mechanist.svg',
    ];
    const strange = ['src/cli/main.ts', 'dist/engine.mjs.map', 'dist/node_modules/onnxruntime-node/dist/index.d.ts', 'dist/node_modules/sharp/index.js', 'zoo/models/fable-4l/checkpoint.pt', '.env'];
    expect(unexpectedFiles([...expected, ...strange])).toEqual(strange);
  });
});
