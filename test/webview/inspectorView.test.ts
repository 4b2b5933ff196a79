// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { InspectedToken } from '../../src/protocol/methods.ts';
import type { InspectorState } from '../../src/protocol/views/inspector.ts';
import { InspectorView } from '../../webview-ui/inspector/inspectorView.ts';
import { TokenStrip } from '../../webview-ui/shared/components/tokenStrip.ts';

const token = (text: string, start: number, surprise: number): InspectedToken => ({
  text, id: 1, start, end: start + text.length, surprise, expected: [], next: [], features: [{ feature: 137, activation: surprise }, { feature: 52, activation: surprise / 2 }],
});
const dictionary = (key: string, hook: string) => ({ dictionary: key, id: hook, kind: 'sae', architecture: 'topk', hook, latents: 64, hash: '', source: '' }) as const;
const shown: InspectorState = {
  kind: 'shown', names: { 3: 'second of two names' }, generation: 3, model: 'fable-4l', dictionary: 'd2', selected: 1,
  dictionaries: [dictionary('d1', 'blocks.1.hook_resid_post'), dictionary('d2', 'blocks.2.hook_resid_post')],
  tokens: [token('When', 0, 8), token(' <b>Mary</b>', 4, 4), token(' and', 16, 1)],
};

let view: InspectorView;
let sent: unknown[];
let deliver: (message: unknown) => Promise<void>;

beforeAll(() => {
  customElements.define('mechanist-token-strip', TokenStrip);
  customElements.define('mechanist-inspector', InspectorView);
});

beforeEach(async () => {
  document.body.innerHTML = '';
  view = document.createElement('mechanist-inspector') as InspectorView;
  document.body.append(view);
  sent = [];
  const listeners: ((message: unknown) => void)[] = [];
  view.connect({ send: (message) => sent.push(message), onMessage: (listener) => listeners.push(listener) });
  deliver = async (message) => {
    for (const listener of listeners) listener(message);
    await settled();
  };
  await settled();
});

describe('the inspector', () => {
  it('teaches what belongs here while no text is open', () => {
    expect(view.textContent).toContain('Open a text file');
  });

  it('says what it waits for, and what failed with a way out', async () => {
    await deliver({ type: 'state', state: { kind: 'waiting', message: 'Opening the model…' } });
    expect(view.querySelector('[role=status]')!.textContent).toContain('Opening the model…');
    await deliver({ type: 'state', state: { kind: 'failed', message: 'It ended.', remedy: 'restart' } });
    expect(view.querySelector('[role=alert]')!.textContent).toBe('It ended.');
    view.querySelector<HTMLElement>('vscode-button')!.click();
    expect(sent.at(-1)).toEqual({ type: 'restart' });
  });

  it('draws tokens as text, never as markup, and asks for the lens of the selected one', async () => {
    await deliver({ type: 'state', state: shown });
    expect(options().map((option) => option.textContent)).toEqual(['When', '␣<b>Mary</b>', '␣and']);
    expect(view.querySelector('b')).toBeNull();
    expect(sent).toEqual([{ type: 'select', generation: 3, token: 1 }]);
  });

  it('has one tab stop among the tokens, and arrows move it', async () => {
    await deliver({ type: 'state', state: shown });
    expect(options().map((option) => option.getAttribute('tabindex'))).toEqual(['-1', '0', '-1']);
    await press('ArrowRight');
    expect(options().map((option) => option.getAttribute('aria-selected'))).toEqual(['false', 'false', 'true']);
    expect(sent.at(-1)).toEqual({ type: 'select', generation: 3, token: 2 });
    await press('Enter');
    expect(sent.at(-1)).toEqual({ type: 'goTo', generation: 3, token: 2 });
  });

  it('steps through hook points with brackets', async () => {
    await deliver({ type: 'state', state: shown });
    await press('[');
    expect(sent.at(-1)).toEqual({ type: 'useDictionary', dictionary: 'd1' });
    const count = sent.length;
    await press(']');
    expect(sent).toHaveLength(count);
  });

  it('colours by a feature that is chosen, and paints it on request', async () => {
    await deliver({ type: 'state', state: shown });
    view.querySelector<HTMLElement>('.chip')!.click();
    await settled();
    expect(view.querySelector('h2')!.textContent).toContain('#137');
    expect(view.querySelector('.chip')!.getAttribute('aria-pressed')).toBe('true');
    view.querySelector<HTMLElement>('.actions vscode-icon')!.click();
    expect(sent.at(-1)).toEqual({ type: 'paint', feature: 137 });
  });

  it('draws the lens of the selected token and drops one that comes too late', async () => {
    await deliver({ type: 'state', state: shown });
    const reading = { layers: [{ hook: 'blocks.0.hook_resid_post', top: [{ token: ' the', id: 1, probability: 0.5 }], target: { token: ' and', probability: 0.25, rank: 2 }, entropy: 1, klToOutput: 1 }] };
    await deliver({ type: 'lens', generation: 2, token: 1, reading });
    await deliver({ type: 'lens', generation: 3, token: 0, reading });
    expect(view.querySelector('.lens')).toBeNull();
    await deliver({ type: 'lens', generation: 3, token: 1, reading });
    expect(Array.from(view.querySelectorAll('.lens tbody tr > *'), (cell) => cell.textContent.trim())).toEqual(['0', '␣the', '', '.250', '2']);
    await deliver({ type: 'lensFailed', generation: 3, token: 1, message: 'No lens for this model.' });
    expect(view.textContent).toContain('No lens for this model.');
  });

  it('has no literal style attribute, which the content security policy would refuse', async () => {
    await deliver({ type: 'state', state: shown });
    expect(view.querySelectorAll('[style]')).toHaveLength(0);
  });
});

const options = (): HTMLElement[] => Array.from(view.querySelectorAll<HTMLElement>('[role=option]'));

async function press(key: string): Promise<void> {
  view.querySelector('[role=listbox]')!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
  await settled();
}

async function settled(): Promise<void> {
  await view.updateComplete;
  await view.querySelector<TokenStrip>('mechanist-token-strip')?.updateComplete;
}
