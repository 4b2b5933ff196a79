/** What a panel's page may ask, and what becomes of it. */
import { describe, expect, it } from 'vitest';
import { PageConversation, checkedCall } from '../../../src/extension/panels/pageConversation.ts';
import type { PanelHandlers } from '../../../src/extension/panels/pageConversation.ts';
import type { PanelKind } from '../../../src/protocol/views/panel.ts';
import { FakeEngine, model, english } from './fakes.ts';

const inspect = { model: 'm', text: 'a b' };

function conversation({ kind = 'semantic', mayWrite = true }: { kind?: PanelKind; mayWrite?: boolean } = {}) {
  const engine = new FakeEngine();
  engine.models.set('m', model('m'));
  const sent: { kind: string; id?: number; [key: string]: unknown }[] = [];
  const problems: string[] = [];
  const heard: unknown[] = [];
  const copied: string[] = [];
  const handlers = { 'panel.copy': async ({ text }: { text: string }) => { copied.push(text); return Promise.resolve(null); } } as unknown as PanelHandlers;
  const page = new PageConversation({
    kind, engine, handlers, t: english, mayWrite: () => mayWrite, send: (message) => sent.push(message as never), report: (problem) => problems.push(problem),
    onPageEvent: (event, value) => heard.push([event, value]),
  });
  page.receive({ kind: 'hello', version: 1 });
  const ask = async (id: number, method: string, params: unknown) => {
    page.receive({ kind: 'request', id, method, params, priority: 'interactive' });
    await new Promise((resolve) => { setTimeout(resolve, 0); });
    return sent.filter((envelope) => envelope.id === id).at(-1);
  };
  return { engine, page, sent, problems, heard, copied, ask };
}

describe('a page', () => {
  it('reaches the engine with the methods of its panel', async () => {
    const { ask, engine } = conversation();
    expect(await ask(1, 'text.inspect', inspect)).toMatchObject({ kind: 'result' });
    expect(engine.called('text.inspect')).toHaveLength(1);
  });

  it.each([
    ['semantic', 'model.open', { source: { kind: 'folder', path: 'x' } }], ['semantic', 'graph.open', {}], ['semantic', 'circuit.edges', {}],
    ['algorithmic', 'semantic.harvest', {}], ['algorithmic', 'model.close', { model: 'm' }], ['semantic', 'constructor', {}], ['semantic', 'nothing.at.all', {}],
  ] as const)('of the %s panel is refused %s', async (kind, method, params) => {
    const { ask, engine } = conversation({ kind });
    expect(await ask(1, method, params)).toMatchObject({ kind: 'error', error: { reason: 'protocol' } });
    expect(engine.calls).toEqual([]);
  });

  it('is told which parameter is wrong, before the engine is asked', async () => {
    const { ask, engine } = conversation();
    const answer = await ask(1, 'semantic.feature', { model: 'm', dictionary: 'd', feature: -1 });
    expect(answer).toMatchObject({ kind: 'error', error: { reason: 'protocol' } });
    expect(JSON.stringify(answer)).toContain('feature');
    expect(engine.calls).toEqual([]);
  });

  it('writes nothing into a workspace that is not trusted', async () => {
    const label = { model: 'm', dictionary: 'd', labels: 'folder', feature: 1, label: 'x' };
    const { ask } = conversation({ mayWrite: false });
    expect(await ask(1, 'semantic.label.set', label)).toMatchObject({ kind: 'error', error: { reason: 'permission' } });
    expect(checkedCall('semantic', 'semantic.label.set', label, true, english)).toEqual({ method: 'semantic.label.set', params: label });
  });

  it('asks the host for what the host does, with checked parameters', async () => {
    const { ask, copied } = conversation();
    expect(await ask(1, 'panel.copy', { text: 'numbers' })).toMatchObject({ kind: 'result', value: null });
    expect(await ask(2, 'panel.copy', { text: 7 })).toMatchObject({ kind: 'error', error: { reason: 'protocol' } });
    expect(copied).toEqual(['numbers']);
  });

  it('is heard through its events only', () => {
    const { page, heard, problems } = conversation();
    page.receive({ kind: 'event', name: 'about', value: { title: '#7' } });
    page.receive({ kind: 'event', name: 'about', value: { title: 7 } });
    page.receive({ kind: 'event', name: 'toString', value: {} });
    expect(heard).toEqual([['about', { title: '#7' }]]);
    expect(problems).toHaveLength(2);
  });

  it('that is made again starts anew: what the one before asked for is cancelled, events reach the new one', async () => {
    const { page, engine, sent } = conversation();
    engine.call = (_method, _params, options) => new Promise((_, reject) => {
      options?.signal?.addEventListener('abort', () => { aborted.push('yes'); reject(new Error('aborted')); });
    });
    const aborted: string[] = [];
    page.receive({ kind: 'request', id: 1, method: 'text.inspect', params: inspect, priority: 'interactive' });
    await Promise.resolve();
    page.receive({ kind: 'hello', version: 1 });
    expect(aborted).toEqual(['yes']);
    page.tell('jobGone', { id: 'x' });
    expect(sent.at(-1)).toEqual({ kind: 'event', name: 'jobGone', value: { id: 'x' } });
    page.end();
    const count = sent.length;
    page.tell('jobGone', { id: 'y' });
    expect(sent).toHaveLength(count);
  });
});
