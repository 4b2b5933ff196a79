/** The jobs behind the semantic view's requests. */
import { MechanistError } from '../../../engine/errors.ts';
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { SemanticResults } from '../../../protocol/methods/semanticResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { effect, lossEffect } from './effects.ts';
import { feature, features, map, searchText, similar } from './features.ts';
import { harvest, stores } from './harvest.ts';

export const semanticJobs: { readonly [M in keyof SemanticResults]: (session: Session, params: ParsedParams<M>, signal: AbortSignal) => Job<Results[M]> } = {
  'semantic.stores': stores,
  'semantic.harvest': harvest,
  'semantic.features': features,
  'semantic.feature': feature,
  'semantic.map': map,
  'semantic.similar': similar,
  'semantic.searchText': searchText,
  'semantic.effect': effect,
  'semantic.lossEffect': lossEffect,
  'semantic.label.set': missing,
  'semantic.label.auto': missing,
  'semantic.label.tests': missing,
  'semantic.label.score': missing,
  'semantic.dictionary': missing,
  'semantic.train': missing,
  'semantic.train.stop': missing,
  'semantic.export': missing,
  'semantic.import': missing,
};

async function* missing(): Job<never> {
  yield undefined;
  throw new MechanistError('unsupported', 'This request is not answered by this build.', { field: 'method' });
}
