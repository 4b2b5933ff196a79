/** From the inspector's state to what is drawn. Pure; painting is in the elements beside this file. */
import type { InspectedToken, LensReading } from '../../src/protocol/methods.ts';
import { levelOf } from '../shared/heat.ts';
import type { StripToken } from '../shared/heat.ts';
import { activationText, probabilityText, visibleToken } from '../shared/notation.ts';

/** What the token strip is coloured by. */
export type Heat = { readonly kind: 'surprise' } | { readonly kind: 'feature'; readonly feature: number };

export interface FeatureRow {
  readonly feature: number;
  /** Its label; empty for one that nobody has labelled. */
  readonly name: string;
  /** Of the strongest feature here, 0…1. */
  readonly share: number;
  readonly activation: string;
}

export interface LensRow {
  readonly layer: string;
  readonly hook: string;
  readonly top: string;
  readonly probability: string;
  readonly rank: string;
  /** Probability of the target, 0…1. */
  readonly share: number;
}

export function stripTokens(tokens: readonly InspectedToken[], selected: number, heat: Heat): StripToken[] {
  const values = tokens.map((token) => heatOf(token, heat));
  const most = Math.max(0, ...values.filter((value) => value !== undefined));
  return tokens.map((token, index) => ({
    label: token.text === '' ? '·' : visibleToken(token.text),
    level: levelOf(values[index], most),
    value: values[index] === undefined ? '' : activationText(values[index]),
    selected: index === selected,
    breaks: /[\n↵]/.test(token.text),
  }));
}

/** The strongest features of a token, strongest first, at most `limit`. */
export function featureRows(token: InspectedToken | undefined, names: Readonly<Record<number, string>>, limit: number): FeatureRow[] {
  const active = (token?.features ?? []).filter(({ activation }) => activation > 0).slice(0, limit);
  const most = active[0]?.activation ?? 0;
  return active.map(({ feature, activation }) => ({ feature, name: names[feature] ?? '', share: most > 0 ? activation / most : 0, activation: activationText(activation) }));
}

export function lensRows({ layers }: LensReading): LensRow[] {
  return layers.map(({ hook, top, target }) => ({
    layer: layerName(hook),
    hook,
    top: top[0] === undefined ? '' : visibleToken(top[0].token),
    probability: probabilityText(target.probability),
    rank: target.rank.toLocaleString('en'),
    share: target.probability,
  }));
}

/** The dictionary `step` places further in the list, for the keys `[` and `]`; the same one at the ends. */
export function neighbouringDictionary(dictionaries: readonly { readonly dictionary: string }[], current: string | undefined, step: 1 | -1): string | undefined {
  const place = dictionaries.findIndex(({ dictionary }) => dictionary === current);
  return dictionaries[Math.min(dictionaries.length - 1, Math.max(0, place + step))]?.dictionary;
}

function heatOf(token: InspectedToken, heat: Heat): number | undefined {
  if (heat.kind === 'surprise') return token.surprise;
  return token.features.find(({ feature }) => feature === heat.feature)?.activation ?? 0;
}

/** `blocks.3.hook_resid_post` is what layer 3 leaves; what enters the first block is "in". */
function layerName(hook: string): string {
  return /^blocks\.(\d+)\.hook_resid_post$/.exec(hook)?.[1] ?? 'in';
}
