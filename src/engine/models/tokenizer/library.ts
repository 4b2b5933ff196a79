/**
 * The one door to `@huggingface/transformers`: loaded on first use (its import costs about 150 ms) and locked to
 * local data. Its remote access is on by default; here every route to the network is closed before anything runs.
 * Downloads go through models/hub only.
 */
import type * as transformers from '@huggingface/transformers';
import { MechanistError } from '../../errors.ts';

type Library = typeof transformers;

let loading: Promise<Library> | undefined;

/** The library, with network access and its own cache folder disabled. Errors: `runtime` when it cannot be loaded. */
export function transformersLibrary(): Promise<Library> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Library> {
  try {
    const library = await import('@huggingface/transformers');
    library.env.allowRemoteModels = false;
    library.env.useFSCache = false;
    library.env.useBrowserCache = false;
    library.env.fetch = () => {
      throw new MechanistError('network', 'Remote access is disabled.');
    };
    return library;
  } catch (error) {
    loading = undefined;
    throw new MechanistError('runtime', 'The package @huggingface/transformers could not be loaded.', {
      hint: 'Run npm ci in the repository.', cause: error,
    });
  }
}
