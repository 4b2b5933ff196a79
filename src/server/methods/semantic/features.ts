/** `semantic.features`, `semantic.feature`, `semantic.map`, `semantic.similar` and `semantic.searchText`: what features are, from the store and the weights. */
import { MechanistError } from '../../../engine/errors.ts';
import { featureCard } from '../../../semantic/features/card.ts';
import { decoderDirection } from '../../../semantic/features/directions.ts';
import { tokenDirection } from '../../../semantic/features/logits.ts';
import { mapMethod, neighboursKept, project, randomUnit } from '../../../semantic/features/map.ts';
import type { Projection } from '../../../semantic/features/map.ts';
import { largest } from '../../../semantic/features/neighbours.ts';
import { runtimeProducts } from '../../../semantic/metrics/products.ts';
import { differences, textFeatures } from '../../../semantic/features/textSearch.ts';
import type { TextFeatures } from '../../../semantic/features/textSearch.ts';
import type { FeatureStore } from '../../../semantic/store/store.ts';
import type { ParsedParams } from '../../../protocol/methods.ts';
import type { FeatureCard, FeatureMap, FeatureTable, SimilarFeatures, TextSearch } from '../../../protocol/methods/semanticResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { contextOf as windowLength } from '../../text/read.ts';
import { contextOf, directionsOf, programOf, storeOf, tableOf, tokenNames } from './context.ts';
import type { FeatureContext } from './context.ts';

export async function* features(session: Session, params: ParsedParams<'semantic.features'>): Job<FeatureTable> {
  const table = await tableOf(contextOf(session, params), params.store, params.labels);
  yield undefined;
  return table.query(params);
}

export async function* feature(session: Session, params: ParsedParams<'semantic.feature'>): Job<FeatureCard> {
  const context = contextOf(session, params);
  const table = await tableOf(context, params.store, params.labels);
  yield undefined;
  const { open, source, about } = context;
  const card = featureCard({ model: open.model, source, table, directions: directionsOf(context), tokenText: tokenNames(open), window: params.window }, params.feature);
  return { ...card, subject: `mechanist:feature/${open.model.id}/${about.id}/${params.feature}` };
}

/** Maps of the stores that are open, by their seed. */
const maps = new WeakMap<FeatureStore, Map<number, FeatureMap>>();

export async function* map(session: Session, params: ParsedParams<'semantic.map'>): Job<FeatureMap> {
  const context = contextOf(session, params);
  const store = await storeOf(context, params.store);
  const known = maps.get(store) ?? new Map<number, FeatureMap>();
  maps.set(store, known);
  const kept = known.get(params.seed);
  if (kept !== undefined) return kept;
  const alive = store.aliveFeatures();
  const directions = directionsOf(context);
  const unit = new Float32Array(alive.length * directions.width);
  alive.forEach((f, i) => unit.set(directions.row(f), i * directions.width));
  const products = runtimeProducts(context.open.runtime);
  const own = yield* projected(context, project(unit, directions.width, params.seed, products), 0);
  const random = yield* projected(context, project(randomUnit(alive.length, directions.width, params.seed + 1), directions.width, params.seed, products), 0.5);
  const made: FeatureMap = {
    features: alive, points: own.points, random: random.points, method: mapMethod,
    preserved: own.preserved, randomPreserved: random.preserved, chance: neighboursKept / Math.max(1, alive.length - 1),
  };
  known.set(params.seed, made);
  return made;
}

export async function* similar(session: Session, params: ParsedParams<'semantic.similar'>): Job<SimilarFeatures> {
  const context = contextOf(session, params);
  const table = await tableOf(context, params.store, params.labels);
  yield undefined;
  const directions = directionsOf(context);
  const direction = directionOf(context, params.to, directions.width, (f) => directions.row(f));
  const cosines = directions.cosines(direction);
  const self = params.to.kind === 'feature' ? params.to.feature : -1;
  return {
    rows: largest(cosines, params.count, (f) => f !== self && table.store.isAlive(f)).map((f) => ({ ...table.row(f), cosine: cosines[f]! })),
    randomCosine: directions.randomCosine,
  };
}

export async function* searchText(session: Session, params: ParsedParams<'semantic.searchText'>): Job<TextSearch> {
  const context = contextOf(session, params);
  const table = await tableOf(context, params.store, params.labels);
  yield undefined;
  const here = await read(context, params.selection);
  yield undefined;
  const there = params.other === undefined ? undefined : await read(context, params.other);
  const { sum } = table.store.overview;
  const found = differences(here.features, there?.features, (f) => sum[f]! / table.store.manifest.tokens, params.count);
  return {
    rows: found.map(({ feature: f, token, ...row }) => ({ ...table.row(f), ...row, token: tokenNames(context.open)(here.ids[token]!) })),
    tokens: { selection: here.features.tokens, other: there?.features.tokens ?? 0 },
  };
}

async function read(context: FeatureContext, text: string): Promise<{ ids: readonly number[]; features: TextFeatures }> {
  const { before, ids, after } = context.open.tokens(text);
  if (ids.length === 0) throw new MechanistError('argument', 'The selection has no tokens.', { field: 'selection' });
  const kept = ids.slice(0, windowLength(context.open) - before.length - after.length);
  return { ids: kept, features: await textFeatures(programOf(context), [...before, ...kept], before.length) };
}

function directionOf({ open, source }: FeatureContext, to: ParsedParams<'semantic.similar'>['to'], width: number, row: (f: number) => Float32Array): ArrayLike<number> {
  switch (to.kind) {
    case 'feature':
      if (to.feature >= source.latents) throw new MechanistError('argument', `The dictionary has features 0 to ${source.latents - 1}.`, { field: `feature ${to.feature}` });
      return row(to.feature);
    case 'direction':
      if (to.values.length !== width) throw new MechanistError('argument', `The dictionary writes vectors of width ${width}, not ${to.values.length}.`, { field: 'values' });
      return to.values;
    case 'token': {
      const id = open.tokenizer.idOf(to.token);
      if (id === undefined) throw new MechanistError('argument', `"${to.token}" is not one token of the model.`, { field: 'token' });
      const direction = decoderDirection(open.model, source, tokenDirection(open.model, id));
      if (direction === undefined) throw new MechanistError('argument', 'The features of this dictionary write where no direct way leads to the logits.', { field: 'token' });
      return direction;
    }
  }
}

async function* projected({ open }: FeatureContext, steps: AsyncGenerator<number, Projection>, from: number): Job<Projection> {
  for (;;) {
    open.requireOpen();
    const step = await steps.next();
    if (step.done === true) return step.value;
    yield { done: from + step.value / 2, of: 1 };
  }
}
