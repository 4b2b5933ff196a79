/** The text of a new finding. */
import { evidenceMap } from './edits.ts';
import { mapLines } from './format/emitYaml.ts';
import { formatName } from './format/schema.ts';
import type { Approach, EvidenceDraft, FindingKind } from './format/schema.ts';

export interface FindingDraft {
  readonly title: string;
  readonly claim: string;
  readonly kind: FindingKind;
  readonly approach?: Approach | undefined;
  readonly subjects: readonly string[];
  readonly prespecified?: boolean | undefined;
  readonly assumptions?: readonly { readonly text: string; readonly checked: boolean }[];
  readonly evidence: readonly EvidenceDraft[];
  /** Markdown below the front matter. */
  readonly body?: string;
}

export function newNote(id: string, draft: FindingDraft, eol: '\n' | '\r\n' = '\n'): string {
  const { title, claim, kind, approach, subjects, prespecified, assumptions, evidence, body } = draft;
  const lines = mapLines({
    mechanist: formatName, id, title, claim, kind, approach, status: 'open', prespecified, subjects,
    assumptions: assumptions?.length ? assumptions.map(({ text, checked }) => ({ text, checked })) : undefined,
    evidence: evidence.map((record, i) => evidenceMap({ ...record, id: `e${i + 1}` })),
  });
  const text = body ?? `# ${singleLine(title)}\n\n`;
  return ['---', ...lines, '---', '', ...text.split(/\r?\n/)].join(eol);
}

/** A file name and id from a title: at most 60 of a–z, 0–9 and "-"; `taken` says whether one is in use. */
export function slugFor(title: string, taken: (slug: string) => boolean): string {
  const base = title.normalize('NFKD').toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 60).replace(/-+$/, '') || 'finding';
  for (let number = 1; ; number++) {
    const slug = number === 1 ? base : `${base}-${number}`;
    if (!taken(slug)) return slug;
  }
}

function singleLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
