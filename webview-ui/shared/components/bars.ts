/** Bars beside numbers. The number is always there as text, so the bars themselves are hidden from screen readers. */
import { html, nothing, svg } from 'lit';
import type { TemplateResult } from 'lit';

export interface BarOptions {
  /** Its control as a share of the same scale: a muted mark in the bar. */
  readonly control?: number | undefined;
  readonly tone?: 'activation' | 'effect' | 'category';
}

/** `share` of the full length, 0…1. */
export function bar(share: number, { control, tone = 'activation' }: BarOptions = {}): TemplateResult {
  return html`<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class="tone-${tone}" width=${percent(share)} height="8"></rect>`}
    ${control === undefined ? nothing : svg`<rect class="tone-control" x=${Math.max(0, percent(control) - 1)} width="2" height="8"></rect>`}
  </svg>`;
}

/** From the middle to the right for positive values, to the left for negative ones; `most` is the largest size on the scale. A control is a thin bar in its own direction; `mirrored`: it is a size, marked on both sides. */
export function signedBar(value: number, most: number, control?: number, mirrored = false): TemplateResult {
  const place = (size: number): number => (most > 0 && Number.isFinite(size) ? Math.max(-50, Math.min(50, (size / most) * 50)) : 0);
  const end = place(value);
  return html`<svg class="bar signed" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class=${end < 0 ? 'tone-negative' : 'tone-positive'} x=${Math.min(50, 50 + end)} width=${Math.abs(end)} height="8"></rect>`}
    ${control === undefined || mirrored ? nothing : svg`<rect class="tone-control" x=${Math.min(50, 50 + place(control))} y="5" width=${Math.max(1, Math.abs(place(control)))} height="3"></rect>`}
    ${control === undefined || !mirrored ? nothing : [1, -1].map((side) => svg`<rect class="tone-control" x=${Math.max(0, 50 + side * place(control) - 1)} width="2" height="8"></rect>`)}
    ${svg`<rect class="tone-axis" x="49.75" width="0.5" height="8"></rect>`}
  </svg>`;
}

export interface BarRow {
  readonly label: string | TemplateResult;
  readonly value: number;
  readonly text: string;
  /** The same measured on a control; drawn muted in the same bar, written muted beside it. */
  readonly control?: number | undefined;
  readonly controlText?: string | undefined;
}

export interface BarRowsOptions {
  readonly name: string;
  readonly columns: { readonly label: string; readonly value: string; readonly control?: string };
  /** Diverging around zero. `'size'`: the control is a size, marked on both sides. */
  readonly signed?: boolean | 'size';
}

/** A table of rows with bars on one scale. */
export function barRows(rows: readonly BarRow[], { name, columns, signed = false }: BarRowsOptions): TemplateResult {
  const most = Math.max(0, ...rows.flatMap(({ value, control }) => [Math.abs(value), Math.abs(control ?? 0)]).filter(Number.isFinite));
  return html`<table class="bar-rows" aria-label=${name}>
    <thead><tr>
      <th scope="col">${columns.label}</th><th scope="col" colspan="2">${columns.value}</th>
      ${columns.control === undefined ? nothing : html`<th scope="col" class="number control">${columns.control}</th>`}
    </tr></thead>
    <tbody>${rows.map(({ label, value, text, control, controlText }) => html`<tr>
      <th scope="row">${label}</th>
      <td class="bar">${signed !== false ? signedBar(value, most, control, signed === 'size') : bar(most > 0 ? value / most : 0, { control: control === undefined || most === 0 ? undefined : control / most })}</td>
      <td class="number">${text}</td>
      ${columns.control === undefined ? nothing : html`<td class="number control">${controlText ?? ''}</td>`}
    </tr>`)}</tbody>
  </table>`;
}

function percent(share: number): number {
  return Number.isFinite(share) ? Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10 : 0;
}
