/** What the models that are open in the engine are, for telling stale evidence. Asks the engine for nothing. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Uri } from 'vscode';
import { isInside } from '../../notes/format/schema.ts';
import type { Surroundings } from '../../notes/diagnose.ts';
import type { OpenModels } from '../models/openModels.ts';
import type { FindingNotes } from './findingNotes.ts';

export function surroundingsOf(uri: Uri, notes: FindingNotes, models: OpenModels): Surroundings {
  const modelOf = (id: string): OpenModels['all'][number] | undefined => models.all.find((model) => model.id === id);
  return {
    index: notes.index,
    modelHash: (id) => modelOf(id)?.hash,
    dictionaryHash: (model, id) => modelOf(model)?.dictionaries.find((dictionary) => dictionary.id === id)?.hash,
    exists: (path) => (uri.scheme === 'file' && isInside(path) ? existsSync(join(dirname(uri.fsPath), path)) : undefined),
  };
}
