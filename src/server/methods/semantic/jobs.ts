/** The jobs behind the semantic view's requests. */
import type { ParsedParams, Results } from '../../../protocol/methods.ts';
import type { SemanticResults } from '../../../protocol/methods/semanticResults.ts';
import type { Job } from '../../scheduler.ts';
import type { Session } from '../../session.ts';
import { dictionaryPage } from './dictionaryPage.ts';
import { effect, lossEffect } from './effects.ts';
import { feature, features, map, searchText, similar } from './features.ts';
import { harvest, stores } from './harvest.ts';
import { exportFeatures, importLabels } from './interchange.ts';
import { labelScore, labelTests, labelWrite } from './judge.ts';
import { labelAuto, labelSet } from './labels.ts';
import { train, trainStop } from './train.ts';

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
  'semantic.label.set': labelSet,
  'semantic.label.auto': labelAuto,
  'semantic.label.tests': labelTests,
  'semantic.label.score': labelScore,
  'semantic.label.write': labelWrite,
  'semantic.dictionary': dictionaryPage,
  'semantic.train': train,
  'semantic.train.stop': trainStop,
  'semantic.export': exportFeatures,
  'semantic.import': importLabels,
};
