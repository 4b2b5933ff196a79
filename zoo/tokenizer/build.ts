/** Trains the zoo's tokenizer on a sample of the corpus and writes its files beside this one. */

import { writeFileSync } from 'node:fs';
import { generate, textKinds } from '../corpus/generate.ts';
import { fields } from '../corpus/lexicon/fields.ts';
import { names } from '../corpus/lexicon/names.ts';
import { CorpusRandom } from '../corpus/random.ts';
import { splits } from '../corpus/split.ts';
import { tokenizerConfig, tokenizerJson } from './files.ts';
import { trainVocabulary } from './train.ts';
import type { Vocabulary } from './train.ts';

const documentsPerKind = 4000;
const contextLength = 512;

/** The vocabulary of the zoo, a pure function of the corpus' grammar. */
export function fableVocabulary(): Vocabulary {
  return trainVocabulary(sample(), {
    merges: 120,
    minimalCount: 8,
    always: [
      ...Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0')),
      ...[...'([{<"'].map((mark) => ` ${mark}`),
      ...names.map(({ text }) => ` ${text}`),
      ...Object.values(fields).flat().map((word) => ` ${word}`),
    ],
  });
}

/** Documents of every split: a held-out template must not differ in its tokens too. */
function* sample(): Generator<string> {
  for (const kind of textKinds) {
    // These are made of the other kinds' words, and no word of theirs alone is worth other ids for all.
    if (kind === 'chronicle' || kind === 'exchange') continue;
    const random = new CorpusRandom('tokenizer', kind);
    for (let i = 0; i < documentsPerKind; i++) yield generate(kind, random, splits[i % splits.length]!).text;
  }
}

if (import.meta.main) {
  const write = (name: string, content: unknown): void => writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(content, null, 1)}\n`);
  write('tokenizer.json', tokenizerJson(fableVocabulary()));
  write('tokenizer_config.json', tokenizerConfig(contextLength));
}
