/** A table as text for spreadsheets. */
import type { FigureTable } from './figure.ts';

/** RFC 4180, numbers with a point. Cells that a spreadsheet would take for a formula get a quote in front. */
export function tableCsv({ columns, rows }: FigureTable): string {
  const cell = (value: string | number | null): string => {
    if (value === null) return '';
    if (typeof value === 'number') return Number.isNaN(value) ? '' : String(value);
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  };
  return `${[columns, ...rows].map((row) => row.map(cell).join(',')).join('\r\n')}\r\n`;
}
