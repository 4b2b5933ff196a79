/** The library, loaded when the first chart appears, from beside the page's own script. The only file that knows it. */
import { allowStyleAttributes } from './styleAttributes.ts';

export interface Plotly {
  react(element: HTMLElement, data: unknown, layout: unknown, config: unknown): Promise<PlotElement>;
  purge(element: HTMLElement): void;
  toImage(element: HTMLElement, options: { format: 'png' | 'svg'; width: number; height: number; scale?: number }): Promise<string>;
  readonly Plots: { resize(element: HTMLElement): Promise<void> };
}

export interface PlotElement extends HTMLElement {
  on(event: 'plotly_click' | 'plotly_hover' | 'plotly_unhover', listener: (event: { readonly points: readonly { readonly curveNumber: number; readonly pointNumber: number | [number, number] }[] }) => void): void;
}

/** Nothing of the library's own interface: no bar of buttons, no logo, no button that sends the chart to a cloud. */
export const plotlyConfig = { displayModeBar: false, displaylogo: false, showSendToCloud: false, showEditInChartStudio: false, responsive: false, doubleClick: 'reset', scrollZoom: false } as const;

const own = typeof document === 'undefined' ? null : (document.currentScript as HTMLScriptElement | null);
const nonce = own?.nonce;
let loading: Promise<Plotly> | undefined;

/** Rejects if the script cannot be read. */
export function loadPlotly(): Promise<Plotly> {
  loading ??= new Promise((resolve, reject) => {
    if (own === null) {
      reject(new Error('The page has no script beside which the chart library could lie.'));
      return;
    }
    allowStyleAttributes();
    document.head.append(styleSheetMark());
    const script = document.createElement('script');
    script.src = new URL('plotly.js', own.src).href;
    if (nonce !== undefined) script.nonce = nonce;
    script.addEventListener('load', () => resolve((window as unknown as { Plotly: Plotly }).Plotly));
    script.addEventListener('error', () => {
      // The next chart tries again.
      loading = undefined;
      reject(new Error('The chart library could not be loaded.'));
    });
    document.head.append(script);
  });
  return loading;
}

/** Makes the library inject no style sheet of its own; the rules it needs are in `charts.css`. */
function styleSheetMark(): HTMLElement {
  const mark = document.createElement('meta');
  mark.id = 'plotly.js-style-global';
  mark.className = 'no-inline-styles';
  return mark;
}
