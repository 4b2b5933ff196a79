import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Window } from 'happy-dom';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawFigure } from '../../../src/figures/draw.ts';
import { findingJsonSchema } from '../../../src/notes/format/jsonSchema.ts';
import { newNote } from '../../../src/notes/newNote.ts';
import { citation } from '../../../src/notes/share/citation.ts';
import { shareFolder, shareHtml } from '../../../src/notes/share/files.ts';
import { findingHtml } from '../../../src/notes/share/html.ts';
import { renderMarkdown } from '../../../src/notes/share/markdown.ts';
import { finding, record } from './samples.ts';

const nothing = { picture: () => undefined, describe: (uri: string) => uri };
const allowed = new Set(['A', 'ARTICLE', 'BODY', 'CAPTION', 'CODE', 'EM', 'H1', 'H2', 'H3', 'H4', 'H5', 'H6', 'HEAD', 'HR', 'HTML', 'IMG', 'LI', 'MAIN', 'META', 'OL', 'P', 'PRE', 'SECTION', 'SPAN', 'STRONG', 'STYLE', 'TABLE', 'TBODY', 'TD', 'TH', 'TITLE', 'TR', 'UL']);
const attack = fc.array(fc.oneof(
  fc.constantFrom('<script>alert(1)</script>', '<img src=x onerror=alert(1)>', '[x](javascript:alert(1))', '[x](command:quit)', '![p](https://evil/x.png)', '![p](data:text/html,x)', '"onmouseover="x', '</style><script>', '`<b>`', '```\n<i>\n', '# <u>', '- <s>', '[<b>](https://a.example/"onclick="x)', '<https://ok.example/x>', '[m](mechanist:token/m/1)', "'", '&lt;', '**<b>**', '\n\n'),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
), { maxLength: 12 }).map((parts) => parts.join(''));

describe('a shared finding', () => {
  it('holds no element, attribute or address that its text asks for', () => {
    const window = new Window({ settings: { disableJavaScriptEvaluation: true, disableJavaScriptFileLoading: true, disableCSSFileLoading: true } });
    fc.assert(fc.property(attack, attack, (words, body) => {
      const html = findingHtml(finding([record('a.b', { metric: words || 'x', inputs: { text: words } })], { title: words || 'x', claim: words || 'x', authors: [words || 'x'] }), { body, picture: () => undefined });
      const page = new window.DOMParser().parseFromString(html, 'text/html');
      for (const element of page.querySelectorAll('*')) {
        expect(allowed, html).toContain(element.tagName);
        for (const name of element.getAttributeNames()) {
          expect(['charset', 'class', 'content', 'href', 'http-equiv', 'lang', 'name', 'rel', 'title'], html).toContain(name);
          if (name === 'href') expect(element.getAttribute('href')).toMatch(/^https:\/\/[^\s"'<>]+$/);
        }
      }
    }), { numRuns: 300 });
    void window.happyDOM.close();
  }, 120_000);

  it('shows the words of the note, its structure, and pictures beside it', () => {
    expect(renderMarkdown('# A *b*\n\ntext `x<y` **c**\n\n- one\n- two\n\n1. first\n\n```js\n<b>\n```\n', nothing))
      .toBe('<h1>A <em>b</em></h1>\n<p>text <code>x&#60;y</code> <strong>c</strong></p>\n<ul><li>one</li><li>two</li></ul>\n<ol><li>first</li></ol>\n<pre><code>&#60;b&#62;</code></pre>');
    expect(renderMarkdown('![p](x.png)', { ...nothing, picture: () => 'data:image/png;base64,AAAA' })).toBe('<p><img src="data:image/png;base64,AAAA" alt="p"></p>');
    expect(renderMarkdown('![p](x.png)', { ...nothing, picture: () => 'data:text/html;base64,AAAA' })).not.toContain('<img');
  });

  it('as a folder takes along artefacts and inputs, but nothing from outside', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mechanist-share-'));
    writeFileSync(join(folder, 'secret'), 'secret');
    const notes = join(folder, 'notes');
    mkdirSync(notes);
    symlinkSync(join(folder, 'secret'), join(notes, 'link.txt'));
    writeFileSync(join(notes, 'pairs.jsonl'), '{}');
    writeFileSync(join(notes, 'p.png'), 'png');
    const evidence = [record('a.b', { inputs: { pairs: { path: 'pairs.jsonl' }, gone: { path: 'gone.txt' }, out: { path: '../secret' }, link: { path: 'link.txt' } } })];
    writeFileSync(join(notes, 'a.md'), newNote('a', { title: 'A', claim: 'c', kind: 'semantic', subjects: [], evidence, body: '![p](p.png) ![s](../secret) ![l](link.txt)' }));
    expect(shareHtml(join(notes, 'a.md'))).toContain('src="data:image/png;base64,cG5n"');
    const out = join(folder, 'out');
    expect(shareFolder(join(notes, 'a.md'), out).missing).toEqual(['gone.txt', '../secret', 'link.txt']);
    expect(readdirSync(out).toSorted()).toEqual(['a.md', 'finding.html', 'p.png', 'pairs.jsonl']);
    expect(() => shareFolder(join(notes, 'a.md'), out)).toThrow('exists already');
  });

  it('shows drawings of shapes and words only', () => {
    const notes = mkdtempSync(join(tmpdir(), 'mechanist-share-'));
    const drawing = drawFigure({ kind: 'bars', title: 'A <b> & "c"', x: { title: '' }, y: { title: 'logits' }, series: [{ name: 'own', role: 'main', x: ['a', '<script>'], y: [1, -2], low: [0, -3], high: [2, -1] }] });
    const hostile = {
      script: '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', handler: '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', foreign: '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>',
      image: '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://evil"/></svg>', url: '<svg xmlns="http://www.w3.org/2000/svg"><rect fill="url(https://evil)"/></svg>', entity: '<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>',
      style: '<svg xmlns="http://www.w3.org/2000/svg"><style>@import url(x)</style></svg>', other: '<svg xmlns="http://evil"/>', comment: '<svg xmlns="http://www.w3.org/2000/svg"><!-- --></svg>',
    };
    writeFileSync(join(notes, 'good one.svg'), drawing);
    for (const [name, text] of Object.entries(hostile)) writeFileSync(join(notes, `${name}.svg`), text);
    const names = ['good%20one', ...Object.keys(hostile)];
    writeFileSync(join(notes, 'a.md'), newNote('a', { title: 'A', claim: 'c', kind: 'semantic', subjects: [], evidence: [], body: names.map((name) => `![${name}](${name}.svg)`).join(' ') }));
    expect(Array.from(shareHtml(join(notes, 'a.md')).matchAll(/<img [^>]*alt="([^"]*)"/g), ([, alt]) => alt)).toEqual(['good%20one']);
    shareFolder(join(notes, 'a.md'), join(notes, 'out'));
    expect(readdirSync(join(notes, 'out'))).toContain('good one.svg');
  });

  it('can be cited', () => {
    expect(citation(finding([record('a.b')], { title: '100% {x}', authors: ['A. Uthor', 'B'] }))).toBe(
      '@misc{a,\n  title = {100\\% \\{x\\}},\n  author = {A. Uthor and B},\n  year = {2026},\n  howpublished = {Mechanist finding},\n  note = {A thing is seen. Models: m 0123456789ab.},\n}');
  });
});

it('the published JSON Schema is the one of the parser', () => {
  expect(JSON.parse(readFileSync(new URL('../../../media/finding.schema.json', import.meta.url), 'utf8'))).toEqual(findingJsonSchema());
});
