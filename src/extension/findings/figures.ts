/** The figure that is kept with a pin: as the page gave it, of a text's tokens, or of the numbers alone. */
import { tableCsv } from '../../figures/csv.ts';
import { drawFigure } from '../../figures/draw.ts';
import { evidenceFigure } from '../../figures/evidenceFigure.ts';
import type { Figure } from '../../figures/figure.ts';
import type { Attachment } from '../../notes/attachments.ts';
import type { EvidenceDraft } from '../../notes/format/schema.ts';
import type { Params } from '../../protocol/methods.ts';
import type { EnginePort } from '../process/enginePort.ts';

export interface KeptFigure {
  readonly title: string;
  readonly attachments: readonly Attachment[];
}

/** `data`: JSON behind the figure. Errors: SyntaxError when it is none. */
export function keptFigure({ drawing, table }: Figure, data?: string): KeptFigure {
  if (data !== undefined) JSON.parse(data);
  return {
    title: drawing.title,
    attachments: [{ extension: 'svg', content: drawFigure(drawing) }, { extension: 'csv', content: tableCsv(table) }, ...(data === undefined ? [] : [{ extension: 'json' as const, content: data }])],
  };
}

/** Of records that nobody has drawn; undefined where there are none. */
export function figureOfEvidence(title: string, records: readonly EvidenceDraft[]): KeptFigure | undefined {
  const figure = evidenceFigure(title, records.map((record) => ({ ...record, name: record.method.replace(/@\d+$/, '') })));
  return figure && keptFigure(figure);
}

/** A value for each token of a text. */
export async function figureOfTokens(engine: EnginePort, title: string, { model, text, by }: Pick<Params<'text.paint'>, 'model' | 'text' | 'by'>): Promise<KeptFigure> {
  const { starts, ends, values, unit } = await engine.call('text.paint', { model, text, by });
  const tokens = Array.from(starts, (start, index) => `${index} ${text.slice(start, ends[index]).replaceAll(/\s/g, '·')}`);
  const known = Array.from(values, (value) => (Number.isFinite(value) ? value : null));
  return keptFigure({
    drawing: { kind: 'bars', title, x: { title: 'token' }, y: { title: unit }, series: [{ name: unit, role: 'main', x: tokens, y: known }] },
    table: { columns: ['position', 'token', unit], rows: tokens.map((_, index) => [index, text.slice(starts[index], ends[index]), known[index]!]) },
  });
}
