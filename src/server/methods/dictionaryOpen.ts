/** `dictionary.open`: a dictionary from disk for an open model. Of a folder with one per layer, all are opened and the default one is returned. */
import type { DictionarySummary, ParsedParams } from '../../protocol/methods.ts';
import { defaultFirst, openDictionaries } from '../dictionaries.ts';
import type { OpenDictionary } from '../dictionaries.ts';
import { checkedPath } from '../paths.ts';
import type { Job } from '../scheduler.ts';
import type { Session } from '../session.ts';
import { whileWaiting } from '../waiting.ts';

/** Opening what is open gives the same. Errors: `not-found`, `argument`, `memory`; those of `openDictionaries`. */
export async function* dictionaryOpen(session: Session, params: ParsedParams<'dictionary.open'>): Job<DictionarySummary> {
  const open = session.model(params.model);
  const path = await checkedPath(params.path, 'file or folder');
  const known = open.dictionaryAt(path);
  if (known !== undefined) return known.summary;
  const allow = (bytes: number): void => session.allow(bytes, open.memoryLimit, path);
  const opening = openDictionaries(path, open.model, () => session.newKey('dictionary'), allow);
  const found = yield* whileWaiting(opening, { stage: 'dictionaries', file: path }, discard);
  try {
    open.requireOpen();
  } catch (error) {
    discard(found);
    throw error;
  }
  open.addDictionaries(defaultFirst(found, open.model.config?.nLayers), path);
  return open.dictionaryAt(path)!.summary;
}

function discard(dictionaries: readonly OpenDictionary[]): void {
  for (const { weights } of dictionaries) weights.parameters.close();
}
