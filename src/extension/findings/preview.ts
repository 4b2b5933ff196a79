/**
 * The built-in Markdown preview: links to subjects and findings as text with their status. A plugin of its parser that only
 * changes tokens: what comes from notes passes through the parser's own escaping, and no HTML is made from it.
 */
import { describeTarget, linkTarget, scheme } from '../../notes/subjects.ts';
import type { Translate } from '../translate.ts';
import type { FindingNotes } from './findingNotes.ts';
import { badgeOf } from './words.ts';

/** The parts of markdown-it that this plugin uses. */
export interface MarkdownParser {
  readonly core: { readonly ruler: { push(name: string, rule: (state: { readonly tokens: PreviewToken[]; readonly Token: new (type: string, tag: string, nesting: number) => PreviewToken }) => void): void } };
  validateLink(url: string): boolean;
}

export interface PreviewToken {
  type: string;
  content: string;
  children: PreviewToken[] | null;
  attrGet(name: string): string | null;
  attrSet(name: string, value: string): void;
}

/**
 * For `extendMarkdownIt`. `refresh` is called when what previews say of findings has changed, once there is a preview.
 */
export function extendMarkdown(notes: FindingNotes, refresh: () => void, t: Translate): (parser: MarkdownParser) => MarkdownParser {
  let shown: string | undefined;
  const statuses = (): string => notes.index.findings().map(({ finding: { id }, grade, state }) => `${id} ${grade} ${state ?? ''}`).toSorted().join('\n');
  return (parser) => {
    if (shown === undefined) {
      shown = statuses();
      notes.onChange(() => {
        const now = statuses();
        if (now === shown) return;
        shown = now;
        refresh();
      });
      notes.whenReady(() => undefined);
    }
    const validate = parser.validateLink.bind(parser);
    parser.validateLink = (url) => url.startsWith(scheme) || validate(url);
    parser.core.ruler.push('mechanist', ({ tokens, Token }) => {
      for (const { children } of tokens) if (children !== null) annotate(children, notes, t, (words) => {
        const text = new Token('text', '', 0);
        text.content = words;
        return text;
      });
    });
    return parser;
  };
}

/** After each link its status in words; the link itself leads nowhere, with what it names as its title. */
function annotate(children: PreviewToken[], notes: FindingNotes, t: Translate, textOf: (words: string) => PreviewToken): void {
  let open: string | undefined;
  for (let i = 0; i < children.length; i++) {
    const token = children[i]!;
    if (token.type === 'link_open') {
      const href = token.attrGet('href') ?? '';
      open = href.startsWith(scheme) ? href : undefined;
      if (open === undefined) continue;
      token.attrSet('href', '#');
      token.attrSet('title', described(open, t));
    } else if (token.type === 'link_close' && open !== undefined) {
      const status = statusOf(open, notes, t);
      if (status !== undefined) children.splice(++i, 0, textOf(` (${status})`));
      open = undefined;
    }
  }
}

function described(uri: string, t: Translate): string {
  const target = linkTarget(uri);
  return target === undefined ? uri : describeTarget(target, t);
}

function statusOf(uri: string, notes: FindingNotes, t: Translate): string | undefined {
  const target = linkTarget(uri);
  if (target?.kind !== 'finding') return undefined;
  const [entry] = notes.index.findingsOf(target.id);
  return entry === undefined ? '?' : badgeOf(entry, t);
}
