/** What the colours of a painted text mean, in the words of the status bar and of hovers. Knows nothing of vscode. */
import { activationText, percent } from '../inspection/words.ts';
import { propertyName, scoreSentences, scoreText } from '../probes/words.ts';
import type { Translate } from '../translate.ts';
import { hitShare } from './buckets.ts';
import type { PaintBy } from './painter.ts';

/** Short, for the status bar; `most` has full colour. */
export function legendOf(by: PaintBy, most: number, unit: string, t: Translate): string {
  switch (by.kind) {
    case 'surprise': return scaled(t('surprise'), most, unit);
    case 'feature': return scaled(`#${by.feature}`, most, unit);
    case 'probe': return `${propertyName(by.probe)} 0▁▃▅▇ 100 % · ${scoreText(by.probe, t)}`;
  }
}

export function explanationOf(by: PaintBy, t: Translate): string {
  const scale = `${t('Full colour is the 99th percentile of what is painted; line endings are left out.')} ${t('Hits are tokens of at least {0} % of it.', 100 * hitShare)}`;
  switch (by.kind) {
    case 'surprise': return `${t('Painted by surprise: how improbable the model found each token, in bits.')} ${scale}`;
    case 'feature': return `${t('Painted by the activation of feature #{0}.', by.feature)} ${scale}`;
    case 'probe': return [
      t('Painted by the probe “{0}”: how likely each token is “{1}”, as read off {2}, if as many tokens were as were not. Hits are above 50 %.', by.probe.name, propertyName(by.probe), by.probe.hook),
      ...scoreSentences(by.probe, t),
    ].join('\n');
  }
}

/** Of one token. */
export function tokenText(by: PaintBy, value: number, unit: string, t: Translate): string {
  switch (by.kind) {
    case 'surprise': return `${t('surprise')}: ${activationText(value)} ${unit}`;
    case 'feature': return `${t('feature #{0}', by.feature)}: ${activationText(value)} ${unit}`;
    case 'probe': return t('“{0}”: {1} by the probe {2}', propertyName(by.probe), percent(value), by.probe.name);
  }
}

function scaled(what: string, most: number, unit: string): string {
  return most > 0 ? `${what} 0▁▃▅▇ ${activationText(most)} ${unit}` : `${what} 0`;
}
