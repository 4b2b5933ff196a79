/**
 * `node scripts/toolchain.mjs sample/make.ts [MODEL OTHER]`: makes the sample findings anew, with the same commands that a
 * person types. What is looked at first (which head, which feature) is chosen on other data than it is measured on.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../src/cli/cli.ts';
import { commands } from '../src/cli/commands.ts';
import { updateNoteFile } from '../src/notes/noteFile.ts';
import { chosenCircuit, chosenHeads, matchingFeature, semanticFeature } from './choose.ts';
import { inductionPairs, ioiPairs, labels, recipientPairs, texts } from './data.ts';
import { openedSample } from './opened.ts';
import type { SampleModel } from './opened.ts';

const folder = fileURLToPath(new URL('findings', import.meta.url));
const [id = 'fable-4l', otherId = 'fable-4l-b'] = process.argv.slice(2);
/** The commands run in this process, which the bootstrap has chosen. */
process.env['MECHANIST_ISOLATED'] = '1';

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, 'data'), { recursive: true });
const model = await openedSample(id);
const other = await openedSample(otherId);
try {
  writeData(model);
  await induction(model);
  await nameMover(model);
  const feature = await semanticField(model);
  await decodableButUnused(model);
  await sharedFeature(model, other, feature);
} finally {
  await model.close();
  await other.close();
}

/** `3.0, 3.1 and 3.2` */
function listed(heads: readonly string[]): string {
  const sorted = heads.toSorted();
  return sorted.length === 1 ? sorted[0]! : `${sorted.slice(0, -1).join(', ')} and ${sorted.at(-1)!}`;
}

function writeData(from: SampleModel): void {
  const lines = (name: string, list: readonly unknown[]): void => writeFileSync(join(folder, 'data', name), `${list.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n')}\n`);
  lines('induction.jsonl', inductionPairs(from, 24, 1));
  lines('induction-held-out.jsonl', inductionPairs(from, 24, 2));
  lines('ioi.jsonl', ioiPairs(from, 32, 1));
  lines('recipient.jsonl', recipientPairs(from, 32, 1));
  lines('texts.txt', texts(from, 60, 3));
  labels(from, join(folder, 'data', 'labels.safetensors'), 4);
}

async function induction(from: SampleModel): Promise<void> {
  const { induction: heads, previous } = await chosenHeads(from);
  const edges = await chosenCircuit(from, inductionPairs(from, 24, 5));
  const subjectOf = (head: string): string => `mechanist:component/${from.id}/blocks.${head.replace('.', '.attn.hook_z/')}`;
  const note = 'induction-circuit';
  await evidence(note, 'attention.head_score', { parameters: { head: heads[0], score: 'induction' } }, {
    title: 'A two-step induction circuit', kind: 'algorithmic', approach: 'circuit-discovery',
    claim: `Heads ${listed(heads)} use what head ${previous} wrote about the previous token to continue a sequence that occurred before.`,
    subjects: [...heads.map(subjectOf), subjectOf(previous), `mechanist:circuit/${from.id}/induction`],
  });
  await evidence(note, 'attention.head_score', { parameters: { head: previous, score: 'previous_token' } });
  await evidence(note, 'ablation.head', { inputs: { pairs: { path: 'data/induction.jsonl' } }, parameters: { heads } });
  await evidence(note, 'ablation.head', { inputs: { pairs: { path: 'data/induction.jsonl' } }, parameters: { heads: [previous] } });
  await evidence(note, 'circuit.faithfulness', { inputs: { pairs: { path: 'data/induction.jsonl' }, held_out: { path: 'data/induction-held-out.jsonl' } }, parameters: { edges } });
  await body(note, [
    `On random tokens that repeat, head ${heads[0]} attends to the token after the earlier copy (mechanist:finding/${note}/e1), and head ${previous} to the token before (mechanist:finding/${note}/e2).`,
    'Heads are chosen by their scores on one set of sequences and measured on others; the edges of the circuit by edge attribution patching on prompts that are in neither file. In the corrupted prompts another token stands before the one to copy, so that only what the earlier head tells of it differs.',
    `The words of the claim go beyond attention patterns, so the ablations and the circuit stand beside them, each with its null. The circuit holds the edges from head ${previous} to the keys of the others (mechanist:finding/${note}/e5). Random sets of heads, the null of the ablation, may contain head ${previous} itself, and then cost as much.`,
  ]);
}

async function nameMover(from: SampleModel): Promise<void> {
  const { nameMovers: heads } = await chosenHeads(from);
  const places = heads.map((head) => head.split('.').map(Number) as [layer: number, index: number]);
  const pairs = { path: 'data/recipient.jsonl' };
  const note = 'ioi-name-mover';
  await evidence(note, 'prediction.logit_difference', { inputs: { pairs } }, {
    title: 'Name movers', kind: 'algorithmic', approach: 'patching',
    subjects: places.map(([layer, index]) => `mechanist:component/${from.id}/blocks.${layer}.attn.hook_z/${index}`),
    claim: `Heads ${listed(heads)} move the name of the recipient to the end of the sentence, and the answer depends on them.`,
  });
  for (const [layer, head] of places) {
    await evidence(note, 'attribution.direct', { inputs: { pairs }, parameters: { component: `${layer}.${head}` } });
    await evidence(note, 'patching.activation', { inputs: { pairs }, parameters: { hook: `blocks.${layer}.attn.hook_z`, head } });
  }
  await evidence(note, 'ablation.head', { inputs: { pairs }, parameters: { heads } });
  await body(note, [
    'Sentences of the kind "When Mary and John went to the market, John gave a book to …". In the corrupted prompt the recipient has another name, and everything else is the same: what is restored is the name, not who gives.',
    'The heads are the fewest that restore two thirds of the answer on prompts that are not in the file. What each restores alone overlaps with what the best other places do, so they are ablated together: when one is missing, another moves the name too. Directly they write no more to the logits than other components: the layers after them turn the name into the answer.',
  ]);
}

async function semanticField(from: SampleModel): Promise<number> {
  const { feature, dictionary, name } = await semanticFeature(from);
  const note = 'semantic-field-feature';
  await evidence(note, 'feature.auroc', { dictionaries: [dictionary], inputs: { labelled: { path: 'data/labels.safetensors' } }, parameters: { feature, variable: `field.${name}` } }, {
    title: `A feature of words for ${name}`, kind: 'semantic', approach: 'dictionary-learning', subjects: [`mechanist:feature/${from.id}/${dictionary}/${feature}`],
    claim: `The feature represents the semantic field "${name}": it is active on its words and on hardly any others.`,
  });
  await evidence(note, 'feature.statistics', { dictionaries: [dictionary], inputs: { text: { path: 'data/texts.txt' } }, parameters: { feature } });
  await evidence(note, 'feature.effect', { dictionaries: [dictionary], inputs: { text: { path: 'data/texts.txt' } }, parameters: { feature } });
  await body(note, [
    'The corpus says of every token which field it belongs to, so the feature is scored against the truth and not against a reader\'s impression.',
    'The feature was chosen on labels of another seed; the AUROC is that of contexts that had no part in the choice.',
    'What the model does with it is another question: mechanist:finding/semantic-field-feature/e3 compares the loss without the feature with the loss after steps of the same size in random directions.',
  ]);
  return feature;
}

async function decodableButUnused(from: SampleModel): Promise<void> {
  const note = 'decodable-but-unused';
  const hook = 'blocks.1.hook_resid_post';
  await evidence(note, 'probe.linear', { inputs: { labelled: { path: 'data/labels.safetensors' } }, parameters: { hook, variable: 'negated' } }, {
    title: 'Whether the clause is negated', kind: 'semantic', approach: 'structural-probing', subjects: [`mechanist:direction/${from.id}/${hook}/negated`],
    claim: 'The model uses whether a clause is negated when it decides who receives the object.',
  });
  await evidence(note, 'direction.erasure', { inputs: { labelled: { path: 'data/labels.safetensors' }, pairs: { path: 'data/ioi.jsonl' } }, parameters: { hook, variable: 'negated', other: 'field.people' } });
  await body(note, [
    'This note is flagged, and is meant to be. A probe finds the property (mechanist:finding/decodable-but-unused/e1), and the claim says "uses".',
    'Erasing the direction changes the answers no more than a random direction does (mechanist:finding/decodable-but-unused/e2): decodable is not used. The flag goes when a record shows an effect beyond its null.',
  ]);
}

async function sharedFeature(from: SampleModel, second: SampleModel, feature: number): Promise<void> {
  const { first, other: found, dictionary, secondDictionary } = await matchingFeature(from, second, feature);
  const note = 'shared-feature';
  await evidence(note, 'feature.match', {
    models: [from.id, second.id], dictionaries: [dictionary, secondDictionary], inputs: { text: { path: 'data/texts.txt' } }, parameters: { feature: first, other_feature: found },
  }, {
    title: 'A feature that two models share', kind: 'semantic', approach: 'dictionary-learning',
    subjects: [`mechanist:feature/${from.id}/${dictionary}/${first}`, `mechanist:feature/${second.id}/${secondDictionary}/${found}`],
    claim: `Feature ${first} of ${from.id} and feature ${found} of ${second.id} are active on the same words.`,
  });
  await body(note, [`The two models were trained apart from different seeds. The pair was chosen on other texts than the correlation is measured on. See mechanist:finding/semantic-field-feature for what the first is about.`]);
}

interface Measured {
  readonly models?: readonly string[];
  readonly dictionaries?: readonly string[];
  readonly inputs?: object;
  readonly parameters?: object;
}

interface NewFinding {
  readonly title: string;
  readonly claim: string;
  readonly kind: string;
  readonly approach: string;
  readonly subjects: readonly string[];
}

/** `mechanist evidence METHOD …`. */
async function evidence(note: string, method: string, { models = [id], dictionaries = [], inputs = {}, parameters = {} }: Measured, fresh?: NewFinding): Promise<void> {
  const argv = [
    'evidence', method, '--models', models.join(','), '--inputs', JSON.stringify(inputs), '--parameters', JSON.stringify(parameters), '--note', join(folder, `${note}.md`), '--threads', '1',
    ...(dictionaries.length === 0 ? [] : ['--dictionaries', dictionaries.join(',')]),
    ...(fresh === undefined ? [] : ['--title', fresh.title, '--claim', fresh.claim, '--kind', fresh.kind, '--approach', fresh.approach, '--subjects', fresh.subjects.join(',')]),
  ];
  let printed = '';
  const code = await runCommandLine(argv, {
    commands, entry: '', signal: new AbortController().signal,
    output: { write: (text) => { printed += text; }, note: (text) => process.stderr.write(text), colour: false },
  });
  if (code !== 0) process.exit(code);
  const { value, control } = JSON.parse(printed) as { value: number; control?: { name: string; value: number } };
  process.stderr.write(`  ${method}: ${value} (${control?.name ?? 'no control'}: ${control?.value ?? '–'})\n`);
}

/** Paragraphs between the title and the figures. */
async function body(note: string, paragraphs: readonly string[]): Promise<void> {
  await updateNoteFile(join(folder, `${note}.md`), ({ text, frontMatter }) => {
    const at = text.indexOf('\n\n![', frontMatter!.bodyStart);
    return [{ start: at, end: at, text: `\n\n${paragraphs.join('\n\n')}` }];
  });
}
