// @vitest-environment happy-dom
import { expect, it, vi } from 'vitest';
import { ChartElement } from '../../webview-ui/shared/charts/chart.ts';
import type { SeriesChart } from '../../webview-ui/shared/charts/spec.ts';
import { define } from '../../webview-ui/shared/element.ts';

const drawn: string[] = [];
vi.mock('../../webview-ui/shared/charts/plotlyScript.ts', () => ({
  plotlyConfig: {},
  loadPlotly: () => Promise.resolve({
    purge: () => undefined,
    react: (element: HTMLElement, _data: unknown, { title }: { title?: unknown }) => {
      drawn.push(String(title));
      if (drawn.length === 1) throw new Error('no canvas');
      return Promise.resolve(Object.assign(element, { on: () => undefined }));
    },
  }),
}));

it('a chart that could not be drawn is tried again with the next numbers', async () => {
  define('mechanist-chart', ChartElement);
  const spec = (y: number[]): SeriesChart => ({ kind: 'lines', title: 'Loss', x: { title: 'step' }, y: { title: 'loss' }, series: [{ name: 'loss', role: 'main', x: [1, 2], y }] });
  const chart = document.createElement('mechanist-chart') as ChartElement;
  chart.spec = spec([2, 1]);
  document.body.append(chart);
  await vi.waitFor(() => expect(chart.textContent).toContain('The chart cannot be drawn here: no canvas'));
  chart.spec = spec([2, 0.5]);
  await vi.waitFor(() => expect(drawn).toHaveLength(2));
  await chart.updateComplete;
  expect(chart.textContent).not.toContain('cannot be drawn');
  expect(chart.querySelector('.plot')).not.toBeNull();
});
