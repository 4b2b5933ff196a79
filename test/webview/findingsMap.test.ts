// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MapOfFindings } from '../../src/protocol/views/findingsMap.ts';
import { FindingsMap } from '../../webview-ui/findings-map/mapView.ts';
import { mapRows, movedPlace } from '../../webview-ui/findings-map/viewModel.ts';
import { axeViolations } from './axe.ts';

const one = { path: 'file:///a.md', title: '</button><script>alert(1)</script>', grade: 'causal' };
const two = { path: 'file:///b.md', title: 'Two', grade: 'observed' };
const map: MapOfFindings = {
  semantic: [{ uri: 'mechanist:feature/m/d/1', name: 'feature 1', findings: [one] }, { uri: 'mechanist:feature/m/d/2', name: 'feature 2', findings: [one, two] }],
  algorithmic: [{ uri: 'mechanist:circuit/m/c', name: 'circuit c', findings: [two] }, { uri: 'mechanist:component/m/h/1', name: 'head', findings: [one] }],
  lines: [{ semantic: 0, algorithmic: 1, findings: [one], grade: 'causal', unified: true }, { semantic: 1, algorithmic: 0, findings: [two], grade: 'observed', unified: false }],
  left: 3,
};

let view: FindingsMap;
let sent: unknown[];
let deliver: (message: unknown) => Promise<void>;
const key = async (name: string): Promise<void> => {
  document.activeElement!.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
  await view.updateComplete;
};

beforeAll(() => customElements.define('mechanist-findings-map', FindingsMap));
beforeEach(async () => {
  document.body.innerHTML = '<main></main>';
  view = document.createElement('mechanist-findings-map') as FindingsMap;
  document.querySelector('main')!.append(view);
  sent = [];
  const listeners: ((message: unknown) => void)[] = [];
  view.connect({ send: (message) => sent.push(message), onMessage: (listener) => listeners.push(listener) });
  deliver = async (message) => {
    for (const listener of listeners) listener(message);
    await view.updateComplete;
  };
  await view.updateComplete;
});

describe('the map of findings', () => {
  it('says what it waits for, and what belongs here while there is nothing', async () => {
    expect(view.textContent).toContain('Reading the notes');
    await deliver({ type: 'map', map: { semantic: [], algorithmic: [], lines: [], left: 0 } });
    expect(view.textContent).toContain('No finding of this workspace names a subject yet');
  });

  it('joins the sides, unified lines apart from others, with the same as a table', async () => {
    await deliver({ type: 'map', map });
    expect(Array.from(view.querySelectorAll('.line'), (line) => line.getAttribute('class')!.trim())).toEqual(['line unified', 'line loose']);
    expect(view.querySelectorAll('tbody tr').length).toBe(4);
    expect(view.querySelector('tbody tr')!.textContent).toContain('head (unified)');
    expect(view.textContent).toContain('3 more subjects');
    expect(view.querySelector('script')).toBeNull();
    expect(await axeViolations(view)).toEqual([]);
  });

  it('opens the finding of a subject or a line, and lists several in the table', async () => {
    await deliver({ type: 'map', map });
    const nodes = view.querySelectorAll<HTMLElement>('.node');
    nodes[0]!.click();
    view.querySelectorAll('.line')[1]!.dispatchEvent(new MouseEvent('click'));
    expect(sent).toEqual([{ type: 'openFinding', path: 'file:///a.md' }, { type: 'openFinding', path: 'file:///b.md' }]);
    nodes[1]!.click();
    await view.updateComplete;
    expect(sent).toHaveLength(2);
    expect(view.querySelectorAll('tbody tr').length).toBe(1);
    expect(view.querySelectorAll('.line.dim').length).toBe(1);
    view.querySelector<HTMLElement>('tbody .link')!.click();
    expect(sent.at(-1)).toEqual({ type: 'openSubject', uri: 'mechanist:feature/m/d/2' });
  });

  it('has one tab stop; arrows move along a side and along lines to the other', async () => {
    await deliver({ type: 'map', map });
    expect(view.querySelectorAll('.node[tabindex="0"]').length).toBe(1);
    view.querySelector<HTMLElement>('.node[tabindex="0"]')!.focus();
    await key('ArrowRight');
    expect(document.activeElement!.textContent).toContain('head');
    await key('ArrowUp');
    expect(document.activeElement!.textContent).toContain('circuit c');
    await key('ArrowLeft');
    expect(document.activeElement!.textContent).toContain('feature 2');
    expect(movedPlace(map, { side: 'semantic', index: 1 }, 'Home')).toEqual({ side: 'semantic', index: 0 });
    expect(movedPlace(map, { side: 'semantic', index: 1 }, 'x')).toBeUndefined();
    expect(mapRows(map, { side: 'algorithmic', index: 0 })).toMatchObject([{ subject: { name: 'circuit c' }, joined: ['feature 2 (not unified)'] }]);
  });
});
