import { describe, expect, it } from 'vitest';
import { barrels, defaultExports, escapedPackages, folderCycles, missingExtensions, networkCalls, tooLong, wrongDirection } from './rules.ts';
import { readSources } from './sources.ts';
import type { SourceFile } from './sources.ts';

const product = readSources(['src', 'webview-ui']);
const everything = readSources(['src', 'webview-ui', 'test', 'bench', 'scripts', 'zoo']);

describe('the sources of the product', () => {
  it('are found', () => {
    expect(product.map(({ path }) => path)).toContain('src/cli/main.ts');
  });

  it('import in the direction of the layers only', () => {
    expect(wrongDirection(product)).toEqual([]);
  });

  it('keep vscode, onnxruntime, transformers.js, files and processes to the folders that may know them', () => {
    expect(escapedPackages(product)).toEqual([]);
  });

  it('reach a network from two folders only: downloads, and models on this machine', () => {
    expect(networkCalls(product)).toEqual([]);
  });

  it('have no folders that import each other in a circle', () => {
    expect(folderCycles(product)).toEqual([]);
  });

  it('have no barrel files', () => {
    expect(barrels(product)).toEqual([]);
  });

  it('stay short', () => {
    expect(tooLong(everything)).toEqual([]);
  });
});

describe('all sources', () => {
  it('have no default exports', () => {
    expect(defaultExports(everything)).toEqual([]);
  });

  it('name the file in a relative import with its extension', () => {
    expect(missingExtensions(everything)).toEqual([]);
  });
});

/** Each rule must see a violation: in-memory sources that break it, and what it says. */
describe('a violation is found', () => {
  const cases: { rule: (sources: readonly SourceFile[]) => string[]; what: string; sources: Record<string, string>; says: string[] }[] = [
    {
      rule: wrongDirection,
      what: 'the engine imports a method',
      sources: { 'src/engine/graph/prune.ts': `import { lens } from '../../algorithmic/logitLens.ts';` },
      says: ['src/engine/graph/prune.ts imports src/algorithmic/logitLens.ts'],
    },
    {
      rule: wrongDirection,
      what: 'the graph imports the runtime, over several lines and as a type',
      sources: { 'src/engine/graph/prune.ts': `import type {\n  Runtime,\n  RuntimeOptions,\n} from "../runtime/runtime.ts";` },
      says: ['src/engine/graph/prune.ts imports src/engine/runtime/runtime.ts'],
    },
    {
      rule: wrongDirection,
      what: 'one taxonomy folder imports another, dynamically',
      sources: { 'src/semantic/probe.ts': `const lens = await import('../algorithmic/logitLens.ts');` },
      says: ['src/semantic/probe.ts imports src/algorithmic/logitLens.ts'],
    },
    {
      rule: wrongDirection,
      what: 'a re-export crosses a layer',
      sources: { 'src/protocol/messages.ts': `export type { Tensor } from '../engine/tensor.ts';` },
      says: ['src/protocol/messages.ts imports src/engine/tensor.ts'],
    },
    {
      rule: wrongDirection,
      what: 'the extension imports the engine for its side effects',
      sources: { 'src/extension/main.ts': `import '../engine/errors.ts';` },
      says: ['src/extension/main.ts imports src/engine/errors.ts'],
    },
    {
      rule: wrongDirection,
      what: 'a product file imports a test helper',
      sources: { 'src/cli/main.ts': `import { random } from '../../test/support/random.ts';` },
      says: ['src/cli/main.ts imports test/support/random.ts'],
    },
    {
      rule: wrongDirection,
      what: 'a folder is in no layer',
      sources: { 'src/utils/misc.ts': 'export const one = 1;' },
      says: ['src/utils/misc.ts belongs to no layer'],
    },
    {
      rule: escapedPackages,
      what: 'vscode outside the extension, onnxruntime outside the runtime',
      sources: {
        'src/notes/anchor.ts': `import * as vscode from 'vscode';`,
        'src/extension/main.ts': `import * as vscode from 'vscode';`,
        'src/engine/models/open.ts': `import { InferenceSession } from 'onnxruntime-node';`,
      },
      says: ['src/notes/anchor.ts imports vscode', 'src/engine/models/open.ts imports onnxruntime-node'],
    },
    {
      rule: escapedPackages,
      what: 'a method reads files, the server listens',
      sources: {
        'src/algorithmic/logitLens.ts': `import { readFile } from 'node:fs/promises';`,
        'src/engine/formats/json.ts': `import { readFileSync } from 'node:fs';`,
        'src/server/main.ts': `import { createServer } from 'node:http';`,
      },
      says: ['src/algorithmic/logitLens.ts imports node:fs/promises', 'src/server/main.ts imports node:http'],
    },
    {
      rule: networkCalls,
      what: 'something but the hub calls fetch',
      sources: {
        'src/cli/main.ts': 'const reply = await fetch(url);',
        'src/cli/other.ts': 'const reply = await globalThis.fetch(url);',
        'src/engine/models/hub/request.ts': 'const reply = await fetch(url);',
        'src/engine/sweeps/sweep.ts': 'const fetch = (names: string[]) => names;\nrun(fetch([]));',
      },
      says: ['src/cli/main.ts', 'src/cli/other.ts'],
    },
    {
      rule: folderCycles,
      what: 'three folders in a circle',
      sources: {
        'src/cli/a/one.ts': `import { two } from '../b/two.ts';`,
        'src/cli/b/two.ts': `import { three } from '../c/three.ts';`,
        'src/cli/c/three.ts': `import { one } from '../a/one.ts';`,
        'src/cli/d/four.ts': `import { one } from '../a/one.ts';`,
      },
      says: ['src/cli/a → src/cli/b → src/cli/c → src/cli/a'],
    },
    {
      rule: barrels,
      what: 'a file that only passes on',
      sources: {
        'src/engine/all.ts': `/** The engine. */\nexport * from './tensor.ts';\nexport {\n  prune,\n} from './graph/prune.ts';\n`,
        'src/engine/some.ts': `import { f32 } from './tensor.ts';\nexport { f32 };\n`,
        'src/engine/own.ts': `export { f32 } from './tensor.ts';\nexport const half = 0.5;\n`,
      },
      says: ['src/engine/all.ts', 'src/engine/some.ts'],
    },
    {
      rule: defaultExports,
      what: 'both forms of a default export',
      sources: { 'src/a.ts': 'export default class A {}', 'src/b.ts': 'const b = 1;\nexport { b as default };', 'src/c.ts': 'export const c = 1;' },
      says: ['src/a.ts', 'src/b.ts'],
    },
    {
      rule: missingExtensions,
      what: 'an import without extension',
      sources: { 'src/a.ts': `import { b } from './b';\nimport { c } from './c.ts';\nimport { join } from 'node:path';` },
      says: ['src/a.ts imports ./b'],
    },
    {
      rule: tooLong,
      what: 'a file over the limit by one line',
      sources: { 'src/long.ts': 'x;\n'.repeat(301), 'src/fits.ts': 'x;\n'.repeat(300), 'test/long.ts': 'x;\n'.repeat(451), 'test/fits.ts': 'x;\n'.repeat(450) },
      says: ['src/long.ts has 301 lines', 'test/long.ts has 451 lines'],
    },
  ];

  it.each(cases)('$what', ({ rule, sources, says }) => {
    expect(rule(Object.entries(sources).map(([path, text]) => ({ path, text })))).toEqual(says);
  });
});
