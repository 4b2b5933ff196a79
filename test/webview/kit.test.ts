// @vitest-environment happy-dom
import { html, nothing, render } from 'lit';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Subject } from '../../src/protocol/views/panel.ts';
import { barRows } from '../../webview-ui/shared/components/bars.ts';
import { keyHelp } from '../../webview-ui/shared/components/keyHelp.ts';
import { PagedRows, pageSize } from '../../webview-ui/shared/components/pagedRows.ts';
import { tokenHeat } from '../../webview-ui/shared/components/tokenHeat.ts';
import { tabs } from '../../webview-ui/shared/components/tabs.ts';
import type { VirtualTable } from '../../webview-ui/shared/components/virtualTable.ts';
import { componentSubject, edgeSubject, featureSubject, subjectName } from '../../webview-ui/shared/subject.ts';
import { defineKit } from '../../webview-ui/shared/kitElements.ts';
import { axeViolations } from './axe.ts';
import { settled } from './settled.ts';

beforeAll(() => defineKit());
beforeEach(() => document.body.replaceChildren());

/** Draws into an element of its own. */
function draw(template: unknown): void {
  const place = document.createElement('div');
  document.body.append(place);
  render(template, place);
}

interface Row { readonly feature: number }

function bigTable(total: number) {
  const asked: number[] = [];
  const table = document.createElement('mechanist-table') as VirtualTable<Row>;
  table.name = 'Features';
  table.columns = [
    { id: 'feature', title: 'feature', track: '8ch', sortable: true, numeric: true, cell: ({ feature }) => `#${feature}` },
    { id: 'label', title: 'label', track: '1fr', cell: () => 'x' },
  ];
  table.source = {
    key: ({ feature }) => feature,
    load: async (offset, limit) => {
      asked.push(offset);
      return Promise.resolve({ total, rows: Array.from({ length: Math.min(limit, total - offset) }, (_, index) => ({ feature: offset + index })) });
    },
  };
  document.body.append(table);
  return { table, asked };
}

describe('a table of 65,536 rows', () => {
  it('draws what is in sight and asks for that page only', async () => {
    const { table, asked } = bigTable(65_536);
    await settled(table);
    expect(asked).toEqual([0]);
    expect(table.querySelectorAll('.grid-row').length).toBeLessThan(60);
    expect(table.querySelector('[role=grid]')!.getAttribute('aria-rowcount')).toBe('65537');
    expect(table.querySelectorAll<HTMLElement>('.spacer').item(1).style.height).toMatch(/^14\d{5}px$/);
  });

  it('moves by keys, tells what is opened, pinned, passed over', async () => {
    const { table, asked } = bigTable(65_536);
    await settled(table);
    const told: [string, number][] = [];
    for (const name of ['row-open', 'row-pin', 'row-focus']) table.addEventListener(name, (event) => told.push([name, (event as CustomEvent<Row>).detail.feature]));
    const press = async (key: string): Promise<void> => {
      table.querySelector('.grid')!.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      await settled(table);
    };
    await press('ArrowDown');
    await press('Enter');
    await press(' ');
    expect(told).toEqual([['row-focus', 1], ['row-open', 1], ['row-pin', 1]]);
    table.querySelector('.grid-scroll')!.scrollTop = 65_500 * 22;
    table.querySelector('.grid-scroll')!.dispatchEvent(new Event('scroll'));
    await settled(table);
    expect(asked.at(-1)).toBe(65_500);
    expect(table.textContent).toContain('#65500');
  });

  it('sorts by its heads: numbers from the largest first', async () => {
    const { table } = bigTable(10);
    await settled(table);
    const sorts: unknown[] = [];
    table.addEventListener('sort-change', (event) => sorts.push((event as CustomEvent).detail));
    table.querySelector<HTMLElement>('.head-button')!.click();
    expect(sorts).toEqual([{ by: 'feature', descending: true }]);
  });

  it('has no violation of accessibility rules', async () => {
    const { table } = bigTable(300);
    await settled(table);
    expect(await axeViolations(table)).toEqual([]);
  });
});

describe('rows in pages', () => {
  it('cancel what has gone out of sight, and forget what is far', async () => {
    const aborted: number[] = [];
    const rows = new PagedRows<number>((offset, limit, signal) => new Promise((resolve) => {
      signal.addEventListener('abort', () => aborted.push(offset));
      if (offset !== 0) return;
      resolve({ total: 100_000, rows: Array.from({ length: limit }, (_, index) => index) });
    }), () => undefined);
    rows.need(0, 30);
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    expect(rows.at(29)).toBe(29);
    rows.need(5000, 5030);
    expect(rows.at(5000)).toBeUndefined();
    rows.need(50_000, 50_030);
    expect(aborted).toEqual([5000]);
    expect(pageSize).toBe(100);
  });

  it('tell why a page did not come, and ask again', async () => {
    let fail = true;
    const rows = new PagedRows<number>(() => (fail ? Promise.reject(new Error('no engine')) : Promise.resolve({ total: 1, rows: [1] })), () => undefined);
    rows.need(0, 1);
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    expect(rows.problem).toBeInstanceOf(Error);
    fail = false;
    rows.need(0, 1);
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    expect([rows.problem, rows.at(0)]).toEqual([undefined, 1]);
  });
});

describe('subjects', () => {
  it.each<[Subject, string, string]>([
    [featureSubject('fable-4l', 'resid_post.2', 137, 'd1'), 'mechanist:feature/fable-4l/resid_post.2/137', '#137'],
    [componentSubject('org/model', 'blocks.2.attn.hook_z', { head: 5 }), 'mechanist:component/org%2Fmodel/blocks.2.attn.hook_z/5', 'L2H5'],
    [componentSubject('m', 'blocks.1.hook_resid_post'), 'mechanist:component/m/blocks.1.hook_resid_post', 'blocks.1.hook_resid_post'],
    [edgeSubject('m', 'a1.h2', 'a2.h0<k>'), 'mechanist:edge/m/a1.h2/a2.h0%3Ck%3E', 'a1.h2 → a2.h0<k>'],
  ])('are named %s', (subject, uri, name) => {
    expect([subject.subject, subjectName(subject)]).toEqual([uri, name]);
  });

  it('are chips that say what their menu is about, and open when chosen', async () => {
    const chip = document.createElement('mechanist-chip') as HTMLElement & { subject: Subject; updateComplete: Promise<boolean> };
    chip.subject = featureSubject('m', 'd', 7, 'key', 'a <b>label</b>');
    document.body.append(chip);
    await chip.updateComplete;
    const opened: unknown[] = [];
    chip.addEventListener('subject-open', (event) => opened.push((event as CustomEvent<Subject>).detail.feature));
    chip.querySelector('button')!.click();
    expect(opened).toEqual([7]);
    expect(JSON.parse(chip.querySelector<HTMLElement>('[data-vscode-context]')!.dataset.vscodeContext!)).toMatchObject({ webviewSection: 'subject.feature', feature: 7, dictionary: 'key', preventDefaultContextMenuItems: true });
    expect(chip.querySelector('b')).toBeNull();
  });
});

describe('parts', () => {
  it('draw a control in the same bar, and write it beside', () => {
    const rows = [{ label: 'a', value: -2, text: '-2', control: 0.5, controlText: '0.5' }];
    draw(barRows(rows, { name: 'Effects', columns: { label: 'token', value: 'effect', control: 'random' }, signed: 'size' }));
    expect(document.querySelectorAll('.tone-control')).toHaveLength(2);
    document.body.replaceChildren();
    draw(barRows(rows, { name: 'Effects', columns: { label: 'token', value: 'effect', control: 'on the other prompt' }, signed: true }));
    expect(document.querySelectorAll('.tone-control')).toHaveLength(1);
    expect(Number(document.querySelector('.tone-control')!.getAttribute('x'))).toBe(50);
    expect(document.querySelector('.tone-negative')!.getAttribute('width')).toBe('50');
    expect(document.querySelector('td.control')!.textContent).toBe('0.5');
  });

  it('draw tokens as text in steps of heat', () => {
    draw(tokenHeat(['<i>x</i>', '\n', ' y'], [4, 0, 2], { peak: 0 }));
    expect(document.querySelector('i')).toBeNull();
    expect(Array.from(document.querySelectorAll('.token'), (token) => [token.textContent, token.className.match(/level-\d/)?.[0]])).toEqual([['<i>x</i>', 'level-9'], ['↵', undefined], [' y', 'level-5']]);
    expect(document.querySelector('.only-heard')!.textContent).toBe('activation: <i>x</i> 4.0, ␣y 2.0');
  });

  it('list keys in a dialog that takes the focus, keeps it, and gives it back', async () => {
    const before = document.createElement('button');
    document.body.append(before);
    before.focus();
    const place = document.createElement('div');
    document.body.append(place);
    let closed = false;
    render(keyHelp([{ keys: ['/'], does: 'search' }], () => { closed = true; }), place);
    await Promise.resolve();
    const dialog = place.querySelector('[role=dialog]')!;
    expect(document.activeElement).toBe(dialog);
    const tab = new KeyboardEvent('keydown', { key: 'Tab', bubbles: true, cancelable: true });
    dialog.dispatchEvent(tab);
    expect(tab.defaultPrevented).toBe(true);
    expect(dialog.contains(document.activeElement)).toBe(true);
    dialog.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }));
    expect(closed).toBe(true);
    render(nothing, place);
    expect(document.activeElement).toBe(before);
  });

  it('move between tabs by arrows', () => {
    const chosen: string[] = [];
    draw(html`${tabs('Parts', [{ id: 'a', label: 'A' }, { id: 'b', label: 'B' }], 'a', (id) => chosen.push(id))}`);
    document.querySelector('[role=tablist]')!.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));
    expect(chosen).toEqual(['b']);
  });
});
