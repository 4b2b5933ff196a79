/** The figure of a measurement that comes without one: its value with its interval, beside its control. */
import type { Figure } from './figure.ts';

export interface Measured {
  readonly metric: string;
  readonly unit?: string | undefined;
  readonly value: number;
  readonly interval?: readonly [number, number] | undefined;
  readonly control?: { readonly name: string; readonly value: number; readonly interval?: readonly [number, number] | undefined } | undefined;
}

/** `name`: what was measured, such as the method. Records of one unit stand in one figure. */
export function evidenceFigure(title: string, records: readonly (Measured & { readonly name: string })[]): Figure | undefined {
  const [first] = records;
  if (first === undefined) return undefined;
  const own = records.filter(({ unit }) => unit === first.unit);
  const several = own.length > 1;
  const controls = own.flatMap(({ name, control }) => (control === undefined ? [] : [{ ...control, label: several ? `${control.name} (${name})` : control.name }]));
  const label = ({ name, metric }: (typeof own)[number]): string => (several ? `${metric} (${name})` : metric);
  const ends = (one: { readonly value: number; readonly interval?: readonly [number, number] | undefined }): readonly [number, number] => one.interval ?? [one.value, one.value];
  const series = (name: string, role: 'main' | 'control', labels: readonly string[], values: readonly { readonly value: number; readonly interval?: readonly [number, number] | undefined }[]) => ({
    name, role, x: labels, y: values.map(({ value }) => value), ...(values.some(({ interval }) => interval !== undefined) ? { low: values.map((one) => ends(one)[0]), high: values.map((one) => ends(one)[1]) } : {}),
  });
  return {
    drawing: {
      kind: 'bars', title, x: { title: '' }, y: { title: first.unit ?? first.metric },
      series: [series('measured', 'main', own.map(label), own), ...(controls.length === 0 ? [] : [series('control', 'control', controls.map((control) => control.label), controls)])],
    },
    table: {
      columns: ['what', 'role', 'value', 'low', 'high'],
      rows: [...own.map((one) => [label(one), 'measured', one.value, one.interval?.[0] ?? null, one.interval?.[1] ?? null]), ...controls.map((one) => [one.label, 'control', one.value, one.interval?.[0] ?? null, one.interval?.[1] ?? null])],
    },
  };
}
