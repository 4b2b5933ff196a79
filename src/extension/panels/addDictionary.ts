/** Opens a dictionary that a job has written, for a page. Knows no vscode. */
import { PeerError } from '../../protocol/peer.ts';
import type { OpenModels } from '../models/openModels.ts';

/** Rejects with `PeerError`: `permission` where the workspace is not trusted, `not-found` without a model, and what opening it throws. */
export async function addDictionary(models: Pick<OpenModels, 'active' | 'openDictionary'>, trusted: boolean, path: string): Promise<null> {
  if (!trusted) throw new PeerError({ reason: 'permission', message: 'Dictionaries are opened from disk in trusted workspaces only.', hint: 'Trust the workspace to go on.' });
  const { active } = models;
  if (active === undefined) throw new PeerError({ reason: 'not-found', message: 'No model is open that the dictionary could belong to.', file: path, hint: 'Open its model, then the dictionary.' });
  await models.openDictionary(active.model.model, path);
  return null;
}
