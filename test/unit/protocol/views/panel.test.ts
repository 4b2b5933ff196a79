import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { mayCall, panelKinds, writes } from '../../../../src/protocol/views/panel.ts';

const pages = fileURLToPath(new URL('../../../../webview-ui', import.meta.url));

/** Methods that the sources of a page call. */
function calledBy(folder: string): string[] {
  const files = readdirSync(join(pages, folder), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'));
  return [...new Set(files.flatMap((file) => Array.from(readFileSync(join(pages, folder, file), 'utf8').matchAll(/\.call\('([\w.]+)'/g), ([, method]) => method!)))];
}

describe('the engine’s methods that a panel may call', () => {
  it.each(panelKinds)('are all that the %s page calls', (kind) => {
    const called = calledBy(kind);
    expect(called.length).toBeGreaterThan(10);
    expect(called.filter((method) => !mayCall(kind, method))).toEqual([]);
  });

  it('are not those that open models or talk to a language model', () => {
    for (const kind of panelKinds) for (const method of ['model.open', 'model.close', 'dictionary.open', 'semantic.label.write', 'nothing']) expect(mayCall(kind, method), method).toBe(false);
  });
});

describe('a method writes', () => {
  it.each([
    ['semantic.harvest', {}, true], ['lens.train', {}, true], ['probe.train', {}, true], ['graph.export', { path: '/w/g.json' }, true], ['graph.export', {}, false],
    ['semantic.label.auto', { save: true }, true], ['semantic.label.auto', { save: false }, false], ['semantic.label.auto', {}, false], ['semantic.label.score', { labels: '/w' }, true], ['semantic.features', { labels: '/w' }, false],
  ] as const)('%s with %j: %s', (method, params, expected) => {
    expect(writes(method, params)).toBe(expected);
  });
});
