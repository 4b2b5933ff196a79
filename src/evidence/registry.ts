/** The methods by name. A record names `id@version`; a version that is not here cannot be run again. */
import { MechanistError } from '../engine/errors.ts';
import type { EvidenceMethod } from './method.ts';
import { graphAttribution, graphIntervention } from './methods/attributionGraph.ts';
import { circuitFaithfulness } from './methods/circuitFaithfulness.ts';
import { directAttribution } from './methods/directAttribution.ts';
import { featureAuroc, featureStatistics } from './methods/featureActivity.ts';
import { featureEffect } from './methods/featureEffect.ts';
import { featureMatch } from './methods/featureMatch.ts';
import { featureAblation, featureClamp } from './methods/featurePrediction.ts';
import { headAblation, headScore } from './methods/heads.ts';
import { lensTarget } from './methods/lens.ts';
import { activationAblation, activationPatching, noising } from './methods/patching.ts';
import { interchangeAccuracy } from './methods/interchange.ts';
import { logitDifference, surprise } from './methods/prediction.ts';
import { directionErasure, linearProbe } from './methods/probe.ts';

export const evidenceMethods: readonly EvidenceMethod[] = [
  logitDifference, surprise, lensTarget, headScore, directAttribution, headAblation, activationPatching, noising, activationAblation, circuitFaithfulness, graphAttribution, graphIntervention,
  featureStatistics, featureAuroc, featureEffect, featureAblation, featureClamp, featureMatch, linearProbe, directionErasure, interchangeAccuracy,
];

/** `ablation.head@1`. */
export function nameOf({ id, version }: EvidenceMethod): string {
  return `${id}@${version}`;
}

/** By `id@version`, or by `id` for the latest. Errors: `unsupported` for another version, `argument` for an unknown method. */
export function methodNamed(name: string): EvidenceMethod {
  const [id, version] = name.split('@');
  const found = evidenceMethods.filter((method) => method.id === id);
  const method = version === undefined ? found[0] : found.find((candidate) => String(candidate.version) === version);
  if (method !== undefined) return method;
  if (found.length > 0) throw new MechanistError('unsupported', `This build has ${found.map(nameOf).join(', ')}, not ${name}.`, { field: 'method', hint: found[0]!.changed });
  throw new MechanistError('argument', `There is no method "${name}".`, { field: 'method', hint: `Methods: ${evidenceMethods.map(({ id: each }) => each).join(', ')}.` });
}
