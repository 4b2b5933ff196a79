/** Colours of a light theme, for what is drawn without one. */
import type { Palette } from '../../webview-ui/shared/theme.ts';

export const palette: Palette = {
  text: '#111', quiet: '#555', background: '#fff', grid: '#eee', border: '#ccc', focus: '#00f', activation: '#36f', positive: '#36f', negative: '#d81', control: '#888', categories: [], font: 'sans-serif', fontSize: 13, highContrast: false,
};
