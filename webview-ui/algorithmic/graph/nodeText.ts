/** A node of a graph in words. Pure. */
import type { GraphNode } from '../../../src/protocol/methods/graphResults.ts';
import { activationText, probabilityText, visibleToken } from '../../shared/notation.ts';
import { short } from '../../shared/charts/spec.ts';
import { fixed } from '../parts/names.ts';
import { t } from '../../shared/strings.ts';

/** `L2 #137`, `error L2`, `␣Mary`, for rows and chips. */
export function nodeName({ kind, layer, feature, label }: GraphNode): string {
  switch (kind) {
    case 'feature': return `L${layer} #${feature}`;
    case 'error': return `${t('error')} L${layer}`;
    case 'token': return visibleToken(label);
    case 'logit': return `△ ${targetText(label)}`;
  }
}

/** A target by its label: a token, or one minus another. */
export function targetText(label: string): string {
  return label.split(' − ').map(visibleToken).join(' − ');
}

/** `␣Mary 97 %`; of a difference it is the first token's: `␣Mary − ␣John, ␣Mary 97 %`. */
export function targetProbability(label: string, probability: number): string {
  const share = `${fixed(100 * probability, 0)} %`;
  const name = targetText(label);
  const [first] = name.split(' − ');
  return first === name ? `${name} ${share}` : `${name}, ${first} ${share}`;
}

export function placeText({ position }: GraphNode, tokens: readonly string[]): string {
  return `${position} ${visibleToken(tokens[position] ?? '')}`;
}

export function nodeText(node: GraphNode, tokens: readonly string[]): string {
  const { kind, label, activation, probability, influence, cumulative } = node;
  return [
    nodeName(node), ...(kind === 'feature' && label !== '' ? [label] : []), ...(kind === 'logit' ? [] : [t('at {0}', placeText(node, tokens))]),
    ...(activation === undefined ? [] : [t('active {0}', activationText(activation))]), ...(probability === undefined ? [] : [probabilityText(probability)]),
    t('influence {0}', short(influence)), t('within the first {0} % of it', fixed(100 * cumulative, 0)),
  ].join(' · ');
}
