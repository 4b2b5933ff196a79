import { describe, expect, it } from 'vitest';
import type { FindingNotes } from '../../../../src/extension/findings/findingNotes.ts';
import { extendMarkdown } from '../../../../src/extension/findings/preview.ts';
import { english } from '../../../../src/notes/say.ts';
import type { MarkdownParser, PreviewToken } from '../../../../src/extension/findings/preview.ts';
import { NoteIndex } from '../../../../src/notes/noteIndex.ts';
import { newNote } from '../../../../src/notes/newNote.ts';

class Token implements PreviewToken {
  content = '';
  children: PreviewToken[] | null = null;
  type: string;
  private readonly attributes = new Map<string, string>();

  constructor(type: string) {
    this.type = type;
  }

  attrGet(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  attrSet(name: string, value: string): void {
    this.attributes.set(name, value);
  }
}

type Rule = Parameters<MarkdownParser['core']['ruler']['push']>[1];

function preview(href: string, refresh = (): void => undefined): { children: PreviewToken[]; parser: MarkdownParser; index: NoteIndex; changed: () => void } {
  const index = new NoteIndex();
  const listeners: (() => void)[] = [];
  index.update('a.md', newNote('a', { title: 'A', claim: 'c', kind: 'semantic', subjects: [], evidence: [] }));
  const rules: Rule[] = [];
  const parser = extendMarkdown({ index, onChange: (listener: () => void) => { listeners.push(listener); return { dispose: () => undefined }; }, whenReady: (run: () => void) => run() } as unknown as FindingNotes, refresh, english)({ core: { ruler: { push: (_, rule) => rules.push(rule) } }, validateLink: (url) => url.startsWith('https:') });
  const [open, text, close, block] = ['link_open', 'text', 'link_close', 'inline'].map((type) => new Token(type)) as [Token, Token, Token, Token];
  open.attrSet('href', href);
  block.children = [open, text, close];
  rules[0]!({ tokens: [block], Token });
  return { children: block.children, parser, index, changed: () => listeners.forEach((listener) => listener()) };
}

describe('links in the built-in preview', () => {
  it('to findings get their grade as text, and lead nowhere', () => {
    const { children } = preview('mechanist:finding/a');
    expect(children.map(({ type }) => type)).toEqual(['link_open', 'text', 'link_close', 'text']);
    expect(children[3]!.content).toBe(' (no evidence)');
    expect(children[0]!.attrGet('href')).toBe('#');
    expect(children[0]!.attrGet('title')).toBe('finding a');
  });

  it('to subjects get their name as a title, unknown findings a question mark', () => {
    expect(preview('mechanist:feature/m/d/5').children[0]!.attrGet('title')).toBe('feature 5 of d, m');
    expect(preview('mechanist:finding/gone').children[3]!.content).toBe(' (?)');
    expect(preview('mechanist:nonsense').children[0]!.attrGet('title')).toBe('mechanist:nonsense');
  });

  it('are drawn again when the status of a finding changed, and not otherwise', () => {
    let refreshed = 0;
    const { index, changed } = preview('mechanist:finding/a', () => { refreshed++; });
    changed();
    expect(refreshed).toBe(0);
    index.remove('a.md');
    changed();
    expect(refreshed).toBe(1);
  });

  it('of other kinds are left alone', () => {
    const { children, parser } = preview('https://a.example');
    expect(children.length).toBe(3);
    expect(children[0]!.attrGet('href')).toBe('https://a.example');
    expect([parser.validateLink('mechanist:x'), parser.validateLink('https://x'), parser.validateLink('javascript:x')]).toEqual([true, true, false]);
  });
});
