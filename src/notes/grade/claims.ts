/** Words of a claim that say more than its evidence shows. The table is data; negated words say nothing. */
import type { Finding } from '../format/schema.ts';
import { english } from '../say.ts';
import type { Say } from '../say.ts';
import { assess } from './grade.ts';
import type { Facet } from './rules.ts';

export interface OverClaim {
  readonly field: 'title' | 'claim';
  readonly word: string;
  /** Offset of the word in the field's value. */
  readonly at: number;
  /** What the word needs. */
  readonly needs: Facet;
  readonly message: string;
}

export const claimWords: readonly { readonly pattern: RegExp; readonly needs: Facet; readonly why: string }[] = [
  {
    pattern: /\b(?:uses?|using|used (?:by|for|to)|relies on|rely on|depends? on|causes?|causing|drives?|controls?|is responsible for|are responsible for|because of|implements?|computes?|decides?|determines?|moves|suppress(?:es)?)\b/gi,
    needs: 'causal', why: 'the evidence is only observational',
  },
  { pattern: /\b(?:necessary|essential|indispensable|needs|required)\b/gi, needs: 'necessary', why: 'no ablation shows that it is needed' },
  { pattern: /\b(?:sufficient|suffices|enough)\b/gi, needs: 'sufficient', why: 'no run with it alone shows that it suffices' },
  { pattern: /\b(?:unique|uniquely|the only|no other)\b/gi, needs: 'unique', why: 'the Rashomon check failed or was not run: another circuit may do as well' },
  { pattern: /\b(?:represents?|encodes?|decodable|detects?)\b/gi, needs: 'decodable', why: 'nothing shows that it can be read off beyond chance' },
];

/** A word of negation shortly before, in the same clause. */
const negation = /\b(?:not|never|no|without|neither|nor|cannot|unlikely|whether|hardly|n't)\b[^.,;:]{0,24}$/i;

export function overClaims(finding: Finding, say: Say = english): OverClaim[] {
  const { facets } = assess(finding);
  return (['title', 'claim'] as const).flatMap((field) => {
    const text = finding[field];
    return claimWords.filter(({ needs }) => !facets.has(needs) && !(needs === 'decodable' && facets.has('causal'))).flatMap(({ pattern, needs, why }) =>
      Array.from(text.matchAll(pattern)).filter(({ index }) => !negation.test(text.slice(0, index))).map(({ 0: word, index }) => ({
        field, word, at: index, needs, message: say('"{0}" says more than the evidence shows: {1}.', word, say(why)),
      })));
  });
}
