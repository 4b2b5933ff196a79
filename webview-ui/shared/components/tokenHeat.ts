/** Tokens of an example as running text, coloured by a value each. The values are in the titles, and in a sentence for screen readers, which do not read titles of text. */
import { html, nothing } from 'lit';
import type { TemplateResult } from 'lit';
import { heatClass, levelOf, signedLevelOf } from '../heat.ts';
import { activationText, visibleToken } from '../notation.ts';
import { t } from '../strings.ts';

export interface HeatOptions {
  /** The value that gets the strongest colour; left out, the largest here. */
  readonly most?: number | undefined;
  /** Diverging colours around zero: an effect, not an activation. */
  readonly signed?: boolean;
  /** Index of the token that the example is about. */
  readonly peak?: number | undefined;
  readonly unit?: string | undefined;
}

export function tokenHeat(tokens: readonly string[], values: ArrayLike<number>, { most, signed = false, peak, unit = t('activation') }: HeatOptions = {}): TemplateResult {
  const scale = most ?? Array.from(values).reduce((largest, value) => (Number.isFinite(value) ? Math.max(largest, Math.abs(value)) : largest), 0);
  const said = tokens.flatMap((token, index) => {
    const value = values[index];
    return isSaid(value) ? [`${visibleToken(token)} ${activationText(value)}`] : [];
  });
  return html`<span class="heat" lang="">${tokens.map((token, index) => {
    const value = values[index];
    const level = signed ? signedLevelOf(value, scale) : levelOf(value, scale);
    const title = !isSaid(value) ? nothing : `${visibleToken(token)}  ${activationText(value)} ${unit}`;
    return html`<span class="token ${heatClass(level, signed)} ${index === peak ? 'peak' : ''}" title=${title}>${shown(token)}</span>`;
  })}</span><span class="only-heard">${said.length === 0 ? t('{0}: none', unit) : `${unit}: ${said.join(', ')}`}</span>`;
}

function isSaid(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value !== 0;
}

/** Line ends are shown, not obeyed, so that an example stays in its row; a space is a space, however it is named. */
function shown(token: string): string {
  return token.replace(/·/g, ' ').replace(/\r\n|\n|\r/g, '↵').replace(/\t/g, '⇥');
}
