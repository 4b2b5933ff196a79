/** `semantic.export` and `semantic.import`: Neuronpedia's feature and explanation files. */
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import { makeFolder, writeFileAtomically } from '../../../engine/formats/atomicFile.ts';
import { featureCard } from '../../../semantic/features/card.ts';
import { neuronpediaExplanation, neuronpediaFeature, readExplanations } from '../../../semantic/features/neuronpedia.ts';
import type { NeuronpediaIds } from '../../../semantic/features/neuronpedia.ts';
import { labelPath, readLabels, writeLabels } from '../../../semantic/labels/labelFile.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import { checkedPath } from '../../paths.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf, directionsOf, tableOf, tokenNames } from './context.ts';

/** Features asked for, or all that fired (features) or have a label (explanations). */
export async function* exportFeatures(session: Session, params: ParsedParams<'semantic.export'>): Job<Results['semantic.export']> {
  const context = contextOf(session, params);
  if (!isAbsolute(params.file)) throw new MechanistError('argument', 'Only absolute paths are written.', { file: params.file });
  const table = await tableOf(context, params.store, params.labels);
  const { open, source, about } = context;
  const ids: NeuronpediaIds = { modelId: open.model.id, layer: about.id, hookName: source.hook };
  const tokenText = tokenNames(open);
  const chosen = params.features ?? (params.what === 'features' ? Array.from(table.store.aliveFeatures()) : [...table.labels.keys()].toSorted((a, b) => a - b));
  const lines: string[] = [];
  for (const feature of chosen) {
    if (params.what === 'explanations') {
      const label = table.labels.get(feature);
      if (label !== undefined) lines.push(JSON.stringify(neuronpediaExplanation(feature, label, ids)));
    } else {
      const directions = directionsOf(context);
      const card = featureCard({ model: open.model, source, table, directions, tokenText, window: 12 }, feature);
      lines.push(JSON.stringify(neuronpediaFeature(card, ids, directions.row(feature).map((value) => value * directions.norms[feature]!))));
    }
    if (lines.length % 16 === 0) yield { done: lines.length, of: chosen.length };
  }
  makeFolder(dirname(params.file));
  writeFileAtomically(params.file, [Buffer.from(`${lines.join('\n')}\n`)]);
  return { file: params.file, count: lines.length };
}

/** Labels that are there stay unless `replace` is set. */
export async function* importLabels(session: Session, params: ParsedParams<'semantic.import'>): Job<Results['semantic.import']> {
  const context = contextOf(session, params);
  const path = await checkedPath(params.file, 'file');
  if (statSync(path).size > largestFile) throw new MechanistError('memory', `Files above ${largestFile} bytes are not read.`, { file: path });
  const { explanations, skipped } = readExplanations(readFileSync(path, 'utf8'), path);
  yield undefined;
  const file = labelPath(params.labels, context.about);
  const labels = new Map(await readLabels(file, context.about));
  let [imported, kept, unknown] = [0, 0, 0];
  for (const { feature, label, model } of explanations) {
    if (feature >= context.source.latents) unknown++;
    else if (labels.has(feature) && !params.replace) kept++;
    else {
      labels.set(feature, { label, author: 'imported', ...(model === undefined ? {} : { model }) });
      imported++;
    }
  }
  makeFolder(dirname(file));
  writeLabels(file, context.about, labels);
  return { imported, kept, skipped: skipped + unknown };
}

const largestFile = 64 * 2 ** 20;
