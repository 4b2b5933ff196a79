/** `model.open`: a model with its tokenizer and bundled dictionaries. Opening what is open gives the same. */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { downloadModel } from '../../engine/models/hub/download.ts';
import type { Model } from '../../engine/models/model.ts';
import { onnxFileAt, openModelAt, tokenizerOf } from '../../engine/models/openPath.ts';
import { Runtime } from '../../engine/runtime/runtime.ts';
import type { ModelSource, ModelSummary, ParsedParams } from '../../protocol/methods.ts';
import { bundledDictionaries, defaultFirst, openDictionaries } from '../dictionaries.ts';
import type { OpenDictionary } from '../dictionaries.ts';
import { checkedPath, zooFolder } from '../paths.ts';
import type { Job } from '../scheduler.ts';
import { OpenModel } from '../session.ts';
import type { Session } from '../session.ts';
import { whileWaiting } from '../waiting.ts';

/**
 * Weights are counted from the headers of their files before any is read. A repository of the hub is downloaded first.
 * Errors: `argument` and `not-found` for the path; `memory`; those of `downloadModel`; those of `openModelAt` and of the bundled dictionaries.
 */
export async function* modelOpen(session: Session, { source, memoryLimit }: ParsedParams<'model.open'>, signal?: AbortSignal): Job<ModelSummary> {
  const path = source.kind === 'hub' ? yield* downloaded(source, signal) : await placeOf(session, source);
  const known = session.modelAt(path);
  if (known !== undefined) return known.summary();

  const onnx = await onnxFileAt(path);
  // Importing an ONNX file may run it, so its weights may be loaded before they can be counted.
  if (onnx !== undefined) session.allow(await sizeWithData(onnx), memoryLimit, onnx);
  const model = yield* whileWaiting(openModelAt(path), { stage: 'reading', file: path }, ({ parameters }) => parameters.close());
  const open = yield* prepared(session, model, source, path, memoryLimit);
  const meanwhile = session.modelAt(path);
  if (meanwhile !== undefined) {
    await open.dispose();
    return meanwhile.summary();
  }
  session.add(open);
  return open.summary();
}

/** Everything that comes with the model; what was opened is closed again if it cannot be completed. */
async function* prepared(session: Session, model: Model, source: ModelSource, path: string, memoryLimit: number | undefined): Job<OpenModel> {
  let open: OpenModel | undefined;
  let complete = false;
  try {
    session.allow(model.parameters.bytes, memoryLimit, path);
    for (const name of model.parameters.names()) {
      model.parameters.get(name);
      yield { stage: 'weights', file: path };
    }
    const hash = yield* whileWaiting(model.hash(), { stage: 'identity', file: path });
    const tokenizer = yield* whileWaiting(tokenizerOf(model), { stage: 'tokenizer', file: path });
    const { threads } = session.options;
    const runtime = new Runtime({ threads, maxPrograms: 48, ...(memoryLimit === undefined ? {} : { memoryLimit }) });
    open = new OpenModel({ key: session.newKey('model'), model, source, path, hash, tokenizer, runtime, memoryLimit });
    if (source.kind === 'zoo') yield* addBundled(session, open);
    complete = true;
    return open;
  } finally {
    if (!complete) await (open ?? { dispose: () => model.parameters.close() }).dispose();
  }
}

async function* addBundled(session: Session, open: OpenModel): Job<void> {
  const found: OpenDictionary[] = [];
  let bytes = open.weightBytes;
  const allow = (more: number): void => session.allow((bytes += more), open.memoryLimit, open.path);
  try {
    for (const folder of await bundledDictionaries(open.path)) {
      yield { stage: 'dictionaries', file: folder };
      found.push(...await openDictionaries(folder, open.model, () => session.newKey('dictionary'), allow));
    }
  } finally {
    // Owned by the model from here on, also when opening stops half-way and the model is closed again.
    open.addDictionaries(defaultFirst(found, open.model.config?.nLayers));
  }
}

/** The folder of a repository of the hub, after what is missing in the cache has been downloaded. Progress: a file and its bytes. */
async function* downloaded({ id, revision }: Extract<ModelSource, { kind: 'hub' }>, signal: AbortSignal | undefined): Job<string> {
  const progress = { stage: 'download', file: id, received: 0, size: 0, index: 0, count: 0 };
  const options = { onProgress: (step: object) => void Object.assign(progress, step), ...(signal === undefined ? {} : { signal }), ...(revision === undefined ? {} : { revision }) };
  return yield* whileWaiting(downloadModel(id, options), progress);
}

async function placeOf(session: Session, source: Exclude<ModelSource, { kind: 'hub' }>): Promise<string> {
  switch (source.kind) {
    case 'zoo': return zooFolder(session.options.zoo, source.id);
    case 'folder': return checkedPath(source.path, 'folder');
    case 'onnx': return checkedPath(source.path, 'file');
  }
}

/** Bytes of an ONNX file and of the external data beside it, which exporters name after it. */
async function sizeWithData(file: string): Promise<number> {
  const folder = dirname(file);
  const names = (await readdir(folder)).filter((name) => name === basename(file) || /^[._]data/.test(name.replace(basename(file), '')));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
