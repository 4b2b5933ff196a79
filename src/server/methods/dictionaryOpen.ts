/** `dictionary.open`: a dictionary from disk for an open model. Of a folder with one per layer, all are opened and the default one is returned. */
import type { DictionarySummary, ParsedParams } from '../../protocol/methods.ts';
import { defaultFirst, openDictionaries } from '../dictionaries.ts';
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
  const found = yield* whileWaiting(openDictionaries(path, open.model, () => session.newKey('dictionary'), allow), { stage: 'dictionaries', file: path });
  open.addDictionaries(defaultFirst(found, open.model.config?.nLayers), path);
  return open.dictionaryAt(path)!.summary;
}
