import { describe, expect, it } from 'vitest';
import type { FindingNotes } from '../../../../src/extension/findings/findingNotes.ts';
import { extendMarkdown } from '../../../../src/extension/findings/preview.ts';
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

function preview(href: string): { children: PreviewToken[]; parser: MarkdownParser } {
  const index = new NoteIndex();
  index.update('a.md', newNote('a', { title: 'A', claim: 'c', kind: 'semantic', subjects: [], evidence: [] }));
  const rules: Rule[] = [];
  const parser = extendMarkdown({ index } as FindingNotes)({ core: { ruler: { push: (_, rule) => rules.push(rule) } }, validateLink: (url) => url.startsWith('https:') });
  const [open, text, close, block] = ['link_open', 'text', 'link_close', 'inline'].map((type) => new Token(type)) as [Token, Token, Token, Token];
  open.attrSet('href', href);
  block.children = [open, text, close];
  rules[0]!({ tokens: [block], Token });
  return { children: block.children, parser };
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

  it('of other kinds are left alone', () => {
    const { children, parser } = preview('https://a.example');
    expect(children.length).toBe(3);
    expect(children[0]!.attrGet('href')).toBe('https://a.example');
    expect([parser.validateLink('mechanist:x'), parser.validateLink('https://x'), parser.validateLink('javascript:x')]).toEqual([true, true, false]);
  });
});
