/** Colours of the theme for what is drawn on a canvas or by a library; style sheets use the variables directly. */

export interface Palette {
  readonly text: string;
  readonly quiet: string;
  readonly background: string;
  readonly grid: string;
  readonly border: string;
  readonly focus: string;
  /** One hue for activations. */
  readonly activation: string;
  readonly positive: string;
  readonly negative: string;
  /** Controls and nulls. */
  readonly control: string;
  readonly categories: readonly string[];
  readonly font: string;
  readonly fontSize: number;
  readonly highContrast: boolean;
}

export function readPalette(body: HTMLElement = document.body): Palette {
  const style = getComputedStyle(body);
  const color = (name: string, otherwise: string): string => style.getPropertyValue(`--vscode-${name}`).trim() || otherwise;
  const text = color('foreground', '#808080');
  const warning = color('editorWarning-foreground', text);
  const background = color('editor-background', 'transparent');
  const quiet = color('descriptionForeground', text);
  const highContrast = body.classList.contains('vscode-high-contrast') || body.classList.contains('vscode-high-contrast-light');
  return {
    text, quiet, highContrast,
    background,
    grid: highContrast ? quiet : color('editorIndentGuide-background1', quiet),
    border: color('contrastBorder', color('panel-border', quiet)),
    focus: color('focusBorder', text),
    activation: color('charts-blue', '#3794ff'),
    positive: color('charts-blue', '#3794ff'),
    // Some themes' orange is nearly as dark as their background, their yellow is not; high contrast has neither.
    negative: mix(color('charts-orange', warning), color('charts-yellow', warning), 0.35),
    control: mix(text, background, 0.72),
    categories: ['blue', 'green', 'purple', 'yellow', 'red', 'orange'].map((name) => color(`charts-${name}`, text)),
    font: color('font-family', 'sans-serif'),
    fontSize: Number.parseFloat(color('font-size', '13')) || 13,
  };
}

/** Calls when VS Code changes the theme: it changes the body's class and the root's variables. Returns what ends it. */
export function onThemeChange(changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
  return () => observer.disconnect();
}

/** The number behind `#rgb`, `#rrggbb`, `rgb()` or `rgba()`; grey for what is none of these. */
export function channels(color: string): readonly [number, number, number, number] {
  const hex = /^#([\da-f]{3,8})$/i.exec(color)?.[1];
  if (hex !== undefined) {
    const long = hex.length <= 4 ? Array.from(hex, (digit) => digit + digit).join('') : hex;
    const at = (place: number): number => Number.parseInt(long.slice(place, place + 2), 16);
    return [at(0), at(2), at(4), long.length === 8 ? at(6) / 255 : 1];
  }
  const parts = color.match(/[\d.]+/g)?.map(Number) ?? [];
  return [parts[0] ?? 128, parts[1] ?? 128, parts[2] ?? 128, parts[3] ?? 1];
}

/** `share` of `front` over `back`, opaque. */
export function mix(front: string, back: string, share: number): string {
  const [a, b] = [channels(front), channels(back)];
  const part = (place: 0 | 1 | 2): number => Math.round(a[place] * share + b[place] * (1 - share));
  return `rgb(${part(0)}, ${part(1)}, ${part(2)})`;
}
