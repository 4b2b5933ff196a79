/** A provider that opens models from disk with their bundled dictionaries, each once. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Transcoders } from '../algorithmic/attributionGraph/featureLayers.ts';
import type { Dictionary } from '../engine/dictionaries/dictionary.ts';
import { openDictionary, openTranscoders, spansLayers } from '../engine/dictionaries/open.ts';
import { openModelAt, tokenizerOf } from '../engine/models/openPath.ts';
import type { Runtime } from '../engine/runtime/runtime.ts';
import type { ModelProvider } from './measure.ts';
import type { OpenedModel } from './method.ts';

export interface DiskModelsOptions {
  readonly runtime: Runtime;
  /** Folder or file of a model by its name. Errors: `not-found`. */
  readonly locate: (id: string) => Promise<string>;
}

export class DiskModels implements ModelProvider {
  private readonly options: DiskModelsOptions;
  private readonly opened = new Map<string, Promise<OpenedModel>>();
  private readonly held: { close(): void }[] = [];

  constructor(options: DiskModelsOptions) {
    this.options = options;
  }

  open(id: string): Promise<OpenedModel> {
    let known = this.opened.get(id);
    if (known === undefined) {
      known = this.openNew(id);
      this.opened.set(id, known);
    }
    return known;
  }

  close(): void {
    for (const { close } of this.held) close();
    this.opened.clear();
  }

  private async openNew(id: string): Promise<OpenedModel> {
    const path = await this.options.locate(id);
    const model = await openModelAt(path);
    this.held.push({ close: () => model.parameters.close() });
    const dictionaries = new Map<string, Promise<Dictionary | undefined>>();
    const sets = new Map<string, Promise<Transcoders | undefined>>();
    const once = <T>(map: Map<string, Promise<T>>, name: string, open: () => Promise<T>): Promise<T> => {
      let known = map.get(name);
      if (known === undefined) map.set(name, (known = open()));
      return known;
    };
    return {
      id, model, hash: await model.hash(), tokenizer: await tokenizerOf(model), runtime: this.options.runtime,
      dictionary: (name) => once(dictionaries, name, () => this.openDictionary(path, name)),
      transcoders: (name) => once(sets, name, () => this.openSet(path, name)),
    };
  }

  private async openDictionary(model: string, name: string): Promise<Dictionary | undefined> {
    const folder = dictionaryFolder(model, name);
    if (folder === undefined) return undefined;
    const [, set, layer] = /^(.+)\.(\d+)$/.exec(name) ?? [];
    let found: Dictionary | undefined;
    if (existsSync(folder)) found = await openDictionary(folder);
    else if (set !== undefined && await spansSet(join(model, 'dictionaries', set))) {
      const opened = await openTranscoders(join(model, 'dictionaries', set));
      if (opened.kind === 'transcoder_set') found = opened.transcoders[Number(layer)];
    }
    if (found !== undefined) this.held.push({ close: () => found.parameters.close() });
    return found;
  }

  private async openSet(model: string, name: string): Promise<Transcoders | undefined> {
    const folder = dictionaryFolder(model, name);
    if (folder === undefined || !(await spansSet(folder))) return undefined;
    const found = await openTranscoders(folder);
    for (const { parameters } of found.kind === 'clt' ? [found] : found.transcoders) this.held.push({ close: () => parameters.close() });
    return found;
  }
}

/** Where a bundled dictionary of this name lies; undefined for what is no name of a folder. */
function dictionaryFolder(model: string, name: string): string | undefined {
  return /^[\w-][\w.-]*$/.test(name) ? join(model, 'dictionaries', name) : undefined;
}

async function spansSet(folder: string): Promise<boolean> {
  return existsSync(folder) && spansLayers(folder);
}
