import { describe, expect, it } from 'vitest';
import { generate, textKinds } from '../../../zoo/corpus/generate.ts';
import { fields } from '../../../zoo/corpus/lexicon/fields.ts';
import { names } from '../../../zoo/corpus/lexicon/names.ts';
import { labelDefinitions } from '../../../zoo/corpus/labels.ts';
import { labelTokens } from '../../../zoo/corpus/labelTokens.ts';
import { CorpusRandom } from '../../../zoo/corpus/random.ts';
import { splitOfCombination, splits, templatesOf } from '../../../zoo/corpus/split.ts';
import type { Split } from '../../../zoo/corpus/split.ts';
import { TemplateGroup } from '../../../zoo/corpus/template.ts';
import { DocumentWriter } from '../../../zoo/corpus/document.ts';
import type { TextKind } from '../../../zoo/corpus/generate.ts';
import type { LabelledDocument } from '../../../zoo/corpus/document.ts';
import { loadFableTokenizer } from '../../../zoo/tokenizer/encode.ts';

const tokenizer = loadFableTokenizer();

function documents(kind: TextKind, split: Split, count: number): LabelledDocument[] {
  const random = new CorpusRandom('corpus test', kind, split);
  return Array.from({ length: count }, () => generate(kind, random, split));
}

function labelled(kind: TextKind, count = 200, split: Split = 'train'): ReturnType<typeof labelTokens>[] {
  return documents(kind, split, count).map((document) => labelTokens(document, tokenizer));
}

describe.each(textKinds)('%s documents', (kind) => {
  it('are the same for the same seed', () => {
    expect(documents(kind, 'train', 5)).toEqual(documents(kind, 'train', 5));
  });

  it('consist of their pieces, without gap or overlap', () => {
    for (const split of splits) {
      for (const { text, spans } of documents(kind, split, 20)) {
        expect(spans[0]!.start).toBe(0);
        expect(spans.at(-1)!.end).toBe(text.length);
        spans.slice(1).forEach(({ start }, i) => expect(start).toBe(spans[i]!.end));
      }
    }
  });

  it('have only labels that are defined, with values of the declared type', () => {
    const types = { binary: 'boolean', categorical: 'string', integer: 'number', real: 'number' } as const;
    const defined = new Map(labelDefinitions.map((definition) => [definition.name, definition]));
    for (const { spans } of documents(kind, 'train', 50)) {
      for (const { labels, context } of spans) {
        for (const [name, value] of Object.entries({ ...context, ...labels })) {
          const definition = defined.get(name);
          expect(definition, name).toBeDefined();
          expect(typeof value, name).toBe(types[definition!.type]);
          if (definition!.values) expect(definition!.values).toContain(value);
        }
      }
    }
  });

  it('surprise on average as much as the grammar\'s entropy, wherever that is known', () => {
    let sum = 0;
    let squares = 0;
    for (const { spans } of documents(kind, 'train', 3000)) {
      // One sum per document, because choices within one are not independent.
      const difference = spans.reduce((total, { surprise, entropy }) => total + (entropy === undefined ? 0 : surprise - entropy), 0);
      sum += difference;
      squares += difference ** 2;
    }
    expect(Math.abs(sum)).toBeLessThanOrEqual(4.5 * Math.sqrt(squares) + 1e-6);
  });
});

describe('probabilities of the grammar', () => {
  it.each([['ioi', 1], ['greaterThan', 2], ['docstring', 2], ['story', 2]] as const)('are the frequencies of how %s documents begin', (kind, pieces) => {
    const n = 20000;
    const seen = new Map<string, { count: number; nats: number }>();
    for (const { text, spans } of documents(kind, 'train', n)) {
      const start = spans.slice(0, pieces);
      const key = text.slice(0, start.at(-1)!.end);
      const entry = seen.get(key) ?? { count: 0, nats: start.reduce((sum, { surprise }) => sum + surprise, 0) };
      entry.count++;
      seen.set(key, entry);
    }
    for (const [key, { count, nats }] of seen) {
      const p = Math.exp(-nats);
      expect(Math.abs(count / n - p), key).toBeLessThan(5 * Math.sqrt(p / n));
    }
  });

  it('branch where templates part, and nowhere else', () => {
    const group = new TemplateGroup(['The cat sat.', 'The cat ran.', 'The dog ran.']);
    const writer = new DocumentWriter();
    const { source } = group.write(new CorpusRandom('branch'), writer, () => undefined);
    const { spans, text } = writer.finish('fields');
    expect(text).toBe(source);
    expect(spans.reduce((sum, { surprise }) => sum + surprise, 0)).toBeCloseTo(Math.log(3), 12);
    expect(spans[0]!.entropy).toBeCloseTo(0, 12);
    expect(spans[1]!.entropy).toBeCloseTo(Math.log(3) - (2 / 3) * Math.log(2), 12);
  });
});

describe('splits', () => {
  it('share no indirect-object pair of names and no template with the test split', () => {
    const words = new Map<string, string>([
      ...fields.objects.map((word) => [word, 'OBJECT'] as const), ...fields.places.map((word) => [word, 'PLACE'] as const),
      ...names.map(({ text }) => [text, 'NAME'] as const),
    ]);
    const seen = Object.fromEntries(splits.map((split) => {
      const texts = documents('ioi', split, 3000).map(({ text }) => text);
      const people = new Set(names.map(({ text }) => text));
      return [split, {
        pairs: new Set(texts.map((text) => [...new Set(text.match(/\p{L}+/gu)!.filter((word) => people.has(word)))].sort().join(' '))),
        templates: new Set(texts.map((text) => text.replace(/\p{L}+/gu, (word) => words.get(word) ?? word))),
      }];
    })) as Record<Split, { pairs: Set<string>; templates: Set<string> }>;
    const shared = (a: ReadonlySet<string>, b: ReadonlySet<string>): string[] => [...a].filter((item) => b.has(item));
    expect(shared(seen.train.pairs, seen.test.pairs)).toEqual([]);
    expect(shared(seen.train.pairs, seen.validation.pairs)).toEqual([]);
    expect(shared(seen.train.templates, seen.test.templates)).toEqual([]);
    expect(seen.test.pairs.size).toBeGreaterThan(500);
  });

  it('assign combinations in proportion 8 : 1 : 1', () => {
    const counts = { train: 0, validation: 0, test: 0 };
    for (let i = 0; i < 20000; i++) counts[splitOfCombination('proportion', i)]++;
    expect(counts.train / 20000).toBeCloseTo(0.8, 1);
    expect(counts.validation / 20000).toBeCloseTo(0.1, 1);
  });

  it('give every template to exactly one side', () => {
    const templates = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
    expect([...templatesOf(templates, 'train'), ...templatesOf(templates, 'test')]).toEqual(templates);
  });
});

describe('labels of tokens', () => {
  it('track brackets as a stack does', () => {
    for (const { ids, labels } of labelled('brackets')) {
      const stack: string[] = [];
      ids.forEach((id, i) => {
        const piece = tokenizer.decode([id]).trim();
        if ('([{<'.includes(piece)) stack.push(piece);
        if (')]}>'.includes(piece)) stack.pop();
        expect(labels['depth']![i]).toBe(stack.length);
        expect(labels['openBracket']![i]).toBe(stack.at(-1) ?? 'none');
      });
      expect(stack).toEqual([]);
    }
  });

  it('match braces and brackets in code, and use no name before its definition', () => {
    for (const { ids, labels } of labelled('code')) {
      expect(labels['depth']!.at(-1)).toBe(0);
      const defined = new Set<string>();
      ids.forEach((id, i) => {
        const name = tokenizer.decode([id]).trim();
        if (labels['inScope']![i] === false) defined.add(name);
        if (labels['inScope']![i] === true) expect(defined).toContain(name);
      });
    }
  });

  it('put end years after start years', () => {
    for (const { ids, labels } of labelled('greaterThan')) {
      const end = labels['yearRole']!.indexOf('end');
      expect(Number(tokenizer.decode([ids[end]!]))).toBeGreaterThan(Number(labels['startYear']![end]));
    }
  });

  it('give pronouns of a story the gender of the person they refer to', () => {
    const genders = new Map(names.map(({ text, gender }) => [text, gender]));
    const pronouns = new Map([['he', 'masculine'], ['his', 'masculine'], ['him', 'masculine'], ['she', 'feminine'], ['her', 'feminine']]);
    let checked = 0;
    for (const { ids, labels } of labelled('story')) {
      ids.forEach((id, i) => {
        const gender = pronouns.get(tokenizer.decode([id]).trim().toLowerCase());
        if (gender === undefined) return;
        expect(genders.get(String(labels['entity']![i]))).toBe(gender);
        expect(labels['gender']![i]).toBe(gender);
        checked++;
      });
    }
    expect(checked).toBeGreaterThan(100);
  });

  it('keep one tense and one mood in a story', () => {
    for (const { labels } of labelled('story')) {
      expect(new Set(labels['storyTense']!.filter((value) => value !== undefined)).size).toBe(1);
      expect(new Set(labels['mood']!.filter((value) => value !== undefined)).size).toBeLessThanOrEqual(1);
    }
  });

  it('mark quotations between their marks', () => {
    for (const { ids, labels } of labelled('story')) {
      let inside = false;
      ids.forEach((id, i) => {
        if (tokenizer.decode([id]).trim() === '"') inside = !inside;
        expect(labels['insideQuote']![i]).toBe(inside);
      });
    }
  });

  it('end a negation with the clause', () => {
    for (const { ids, labels } of labelled('opinion')) {
      let negated = false;
      ids.forEach((id, i) => {
        const word = tokenizer.decode([id]).trim();
        if ('.,!?"'.includes(word)) negated = false;
        expect(labels['negated']![i]).toBe(negated);
        if (['not', 'no', 'never'].includes(word)) negated = true;
      });
    }
  });

  it('name the number that the verb agrees with', () => {
    const singular = new Set(['is', 'was', 'has']);
    for (const { ids, labels } of labelled('agreement')) {
      const last = labels['headNumber']!.findLastIndex((value) => value !== undefined);
      const verb = tokenizer.decode([ids[last + 1]!]).trim();
      expect(singular.has(verb) ? 'singular' : 'plural').toBe(labels['headNumber']![last]);
    }
  });
});
