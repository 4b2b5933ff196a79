/** One document of a kind: the entry point of the grammar. */

import type { LabelledDocument } from './document.ts';
import { agreement } from './kinds/agreement.ts';
import { brackets } from './kinds/brackets.ts';
import { chronicle } from './kinds/chronicle.ts';
import { code } from './kinds/code.ts';
import { docstring } from './kinds/docstring.ts';
import { exchange } from './kinds/exchange.ts';
import { fieldsParagraph } from './kinds/fields.ts';
import { greaterThan } from './kinds/greaterThan.ts';
import { ioi } from './kinds/ioi.ts';
import { list } from './kinds/list.ts';
import { opinion } from './kinds/opinion.ts';
import { story } from './kinds/story.ts';
import type { DocumentKind } from './labels.ts';
import type { CorpusRandom } from './random.ts';
import type { Split } from './split.ts';

/** Kinds made of text; induction is made of tokens and needs a tokenizer. */
export type TextKind = Exclude<DocumentKind, 'induction'>;

const generators: Readonly<Record<TextKind, (random: CorpusRandom, split: Split) => LabelledDocument>> = {
  story, fields: fieldsParagraph, opinion, ioi, greaterThan, docstring, code, brackets, agreement, list, chronicle, exchange,
};

export const textKinds = Object.keys(generators) as TextKind[];

/** A document of a kind, a pure function of the random stream and the split. */
export function generate(kind: TextKind, random: CorpusRandom, split: Split): LabelledDocument {
  return generators[kind](random, split);
}
