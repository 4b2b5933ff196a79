/** When what was asked for from outside can be done: commands come before the page has its model and its store. Pure. */
import type { ShowRequest } from '../../../src/protocol/views/panel.ts';
import type { ResourceState } from '../../shared/resource.ts';
import type { Session } from '../../shared/session.ts';

/** Parts of the view that work on a store. */
const partsOfStore: ReadonlySet<string> = new Set(['search', 'labelAll', 'import', 'export']);

/** `stores`: how far the reading of the dictionary's stores is. Where there is none to come, the page itself says what is missing. */
export function wishWaits({ subject, part }: ShowRequest, { model, dictionary }: Pick<Session, 'model' | 'dictionary'>, stores: ResourceState<unknown>['kind']): boolean {
  if (subject !== undefined && dictionary === undefined) return true;
  if (part === undefined || !partsOfStore.has(part)) return false;
  return model === undefined || (dictionary !== undefined && (stores === 'idle' || stores === 'loading'));
}

/** Where the dictionary of the subject is. A feature of that number in another dictionary is something else. */
export function dictionaryOf({ subject }: ShowRequest, { model, context }: Pick<Session, 'model' | 'context'>): 'here' | 'other' | 'gone' {
  if (subject === undefined || subject.dictionary === context.dictionary) return 'here';
  return model?.dictionaries.some(({ dictionary }) => dictionary === subject.dictionary) === true ? 'other' : 'gone';
}
