/** `graph.label` and `graph.labels`: what features of a graph are called, by hand and from the label files of their dictionaries. */
import { isAbsolute } from 'node:path';
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import { labelPath, readLabels } from '../../../semantic/labels/labelFile.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf } from '../semantic/context.ts';
import { graphsOf } from './shelf.ts';

/** An empty label takes one away. Errors: `not-found`. */
export function graphLabel(session: Session, params: ParsedParams<'graph.label'>): null {
  const { open } = graphsOf(session).get(params.graph);
  for (const [key, label] of Object.entries(params.labels)) {
    if (label === '') open.labels.delete(key);
    else open.labels.set(key, label);
  }
  return null;
}

/** Answers how many labels were found. Errors: `not-found`; `argument` for a relative folder; those of `readLabels`. */
export async function* graphLabels(session: Session, params: ParsedParams<'graph.labels'>): Job<number> {
  const { open } = graphsOf(session).get(params.graph);
  if (!isAbsolute(params.folder)) throw new MechanistError('argument', 'An absolute path is expected.', { file: params.folder });
  yield { stage: 'labels' };
  let found = 0;
  for (const [layer, dictionary] of params.dictionaries.entries()) {
    const { about } = contextOf(session, { model: params.model, dictionary });
    for (const [feature, { label }] of await readLabels(labelPath(params.folder, about), about)) {
      open.labels.set(`${layer}/${feature}`, label);
      found++;
    }
  }
  return found;
}
