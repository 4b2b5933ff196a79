// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PeerError } from '../../src/protocol/peer.ts';
import { define } from '../../webview-ui/shared/element.ts';
import { defineKit } from '../../webview-ui/shared/kitElements.ts';
import { defineSemanticElements } from '../../webview-ui/semantic/elements.ts';
import { SemanticView } from '../../webview-ui/semantic/semanticView.ts';
import { axeViolations } from './axe.ts';
import { context, openPanel, started } from './fakeHost.ts';
import type { Answers, FakeHost } from './fakeHost.ts';
import { press as pressKey, settled as pageSettled, textOf } from './settled.ts';
import { answers, card, effect, store } from './semanticData.ts';

let host: FakeHost;
let view: SemanticView;

beforeAll(() => {
  defineKit();
  defineSemanticElements();
  define('mechanist-semantic', SemanticView);
});

beforeEach(() => document.body.replaceChildren());

async function open(place?: unknown, more: Answers = {}): Promise<void> {
  ({ host, view } = await openPanel<SemanticView>('mechanist-semantic', { ...answers, ...more }, place));
}

const settled = (): Promise<void> => pageSettled(view);
const wait = (milliseconds: number): Promise<void> => new Promise((resolve) => { setTimeout(resolve, milliseconds); });
const text = (selector: string): string => textOf(view, selector);
const press = (key: string, on: Element = document.body): Promise<void> => pressKey(view, key, on);

describe('the semantic view', () => {
  it('lists the features of the dictionary in use, and says what to do next', async () => {
    await open();
    expect(host.called('semantic.features')[0]).toMatchObject({ model: 'm1', dictionary: 'd2', store: 'zoo/store', labels: 'ws/.mechanist/labels', filter: { dead: false }, offset: 0, limit: 100 });
    expect(text('.list-head')).toContain('1,024 features');
    expect(text('.detail')).toContain('Choose a feature');
  });

  it('opens a card by Enter, keeps the place, names its tab and subject', async () => {
    await open();
    const grid = view.querySelector('.grid')!;
    await press('ArrowDown', grid);
    expect(host.called('semantic.feature')).toMatchObject([{ feature: 1 }]);
    await press('Enter', grid);
    expect(view.querySelector('article.card')!.getAttribute('aria-label')).toBe('Feature 1');
    // The card was read when the row was passed over.
    expect(host.called('semantic.feature')).toHaveLength(1);
    expect(host.state).toMatchObject({ v: 1, feature: 1 });
    expect(host.heard.at(-1)).toMatchObject({ name: 'about', value: { title: '#1', subject: { kind: 'feature', feature: 1, dictionary: 'd2', subject: 'mechanist:feature/fable-4l/blocks.2.hook_resid_post/1' } } });
  });

  it('lists points of the map that are chosen by keyboard', async () => {
    await open({ v: 1, feature: 7, list: 'map' });
    const canvas = view.querySelector('canvas.features')!;
    await press(' ', canvas);
    await press('ArrowRight', canvas);
    await press(' ', canvas);
    expect(text('.maps .said')).toContain('2 chosen');
    canvas.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', shiftKey: true, bubbles: true, cancelable: true }));
    await settled();
    const { filter } = host.called('semantic.features').at(-1)! as { filter: { features: number[] } };
    expect(filter.features).toHaveLength(2);
    expect(filter.features).toContain(7);
  });

  it('comes back to its place, and to the first one when what was kept is broken', async () => {
    await open({ v: 1, feature: 7, list: 'map', filter: 'nonsense' });
    expect(text('.card .label')).toContain('name in subject position 7');
    expect(view.querySelector('mechanist-feature-map')).not.toBeNull();
    await open({ v: 99 });
    expect(view.querySelector('article.card')).toBeNull();
  });

  it('shows every claim of a card beside its control', async () => {
    await open({ v: 1, feature: 7 });
    expect(text('.belief')).toContain('label found again in held-out examples: .93 (wrong label .51, shuffled .50)');
    expect(text('.belief')).toContain('AUROC .99 (shuffled .52)');
    expect(text('.belief')).toContain('Perhaps one feature split in two: #12');
    expect(text('.card')).toContain('a random direction reaches cos .28');
    expect(text('.card')).toContain('largest for a random direction of equal norm, 0.60');
    expect(view.querySelectorAll('.tone-control').length).toBeGreaterThan(6);
  });

  it('lists the findings and circuits about a feature, goes to them, and reads them again when notes change', async () => {
    await open({ v: 1, feature: 7 });
    const list = view.querySelector('mechanist-mentions')!;
    expect(list.textContent.replace(/\s+/g, ' ')).toContain('●●●○ Names of subjects move the pronoun');
    expect(list.querySelector('mechanist-chip')!.textContent).toContain('pronoun');
    list.querySelector<HTMLElement>('button.link')!.click();
    await settled();
    expect(host.called('panel.goTo')).toEqual([{ file: 'file:///ws/findings/names.md', start: 120, end: 170 }]);
    expect(host.called('semantic.features').at(-1)).toMatchObject({ grades: [{ feature: 7, grade: 3 }] });
    const before = host.called('panel.findings').length;
    host.tell('findings', null);
    await settled();
    expect(host.called('panel.findings').length).toBe(before + 1);
  });

  it('draws tokens as text, never as markup', async () => {
    await open({ v: 1, feature: 7 });
    expect(view.querySelector('.examples b')).toBeNull();
    expect(text('.examples')).toContain('<b>book</b>');
  });

  it('jumps from an example to its file', async () => {
    await open({ v: 1, feature: 7 });
    view.querySelector<HTMLElement>('.examples .codicon-go-to-file')!.click();
    await settled();
    expect(host.called('panel.goTo')).toEqual([{ file: 'ws/stories/a.txt', start: 10, end: 60 }]);
  });

  it('colours examples by the loss that ablation costs, beside a random direction', async () => {
    await open({ v: 1, feature: 7, heat: 'loss' });
    expect(host.called('semantic.lossEffect')[0]).toMatchObject({ feature: 7, on: { kind: 'contexts', contexts: [4, 6, 12] } });
    expect(text('mechanist-examples')).toContain('a random direction of equal norm: 0.010');
    expect(view.querySelector('mechanist-examples .effect-more-9')!.textContent).toBe(' Mary');
  });

  it('says so where a feature is silent, for which there is no mean', async () => {
    const silent = { rows: [{ tokens: ['x'], delta: Float32Array.of(0), random: Float32Array.of(0), activations: Float32Array.of(0) }], mean: Number.NaN, randomMean: Number.NaN };
    await open({ v: 1, feature: 7, heat: 'loss', ownText: 'x' }, { 'semantic.lossEffect': () => silent });
    expect(text('mechanist-own-text')).toContain('It does not fire on this text.');
    expect(text('mechanist-examples')).toContain('It fires in none of these.');
  });

  it('runs a change beside the unchanged model and a random direction, and pins the measurement with its control', async () => {
    await open({ v: 1, feature: 7 });
    const panel = view.querySelector('mechanist-effect')!;
    panel.querySelector<HTMLElement>('vscode-button')!.click();
    await wait(20);
    await settled();
    expect(host.called('semantic.effect')[0]).toMatchObject({ feature: 7, text: 'When Mary', action: { kind: 'ablate' } });
    expect(panel.textContent).toContain('The change is specific: 18 times that of a random direction');
    expect(Array.from(panel.querySelectorAll('.run h4'), (head) => head.textContent.replace(/\s+/g, ' ').trim())).toEqual(['unchanged', 'changed KL 0.90', 'random direction KL 0.050']);
    panel.querySelector<HTMLElement>('.verdict .codicon-pin')!.click();
    await settled();
    expect(host.called('panel.pin')[0]).toMatchObject({ evidence: [{ method: 'ablation.feature@1', value: 0.9, control: { name: 'random direction of equal norm', value: 0.05 } }] });
  });

  it('says why no dictionary can be trained on a model without a hook for it, and why a training did not start', async () => {
    const bare = { ...context.models[0]!, hookPoints: ['blocks.2.attn.hook_pattern'] };
    await open({ v: 1, page: 'train' }, { 'panel.start': () => ({ ...started, context: { ...context, models: [bare] } }) });
    const start = (): void => Array.from(view.querySelectorAll<HTMLElement>('mechanist-train vscode-button')).find((one) => one.textContent.trim() === 'Start training')!.click();
    start();
    await settled();
    expect(text('mechanist-train')).toContain('has no hook that a dictionary can be trained on');
    await open({ v: 1, page: 'train' }, { 'panel.job.start': () => { throw new PeerError({ reason: 'busy', message: 'This is running already.', hint: 'Wait.' }); } });
    start();
    await settled();
    expect(text('mechanist-train .failure')).toBe('This is running already. — Wait.');
  });

  it('writes tokens that a label quotes as it writes tokens', async () => {
    const own = card(7);
    await open({ v: 1, feature: 7 }, { 'semantic.feature': () => ({ ...own, row: { ...own.row, label: { ...own.row.label!, label: 'on “·Mary” · twice' } } }) });
    expect(text('.card .label')).toBe('on “␣Mary” · twice');
  });

  it('empties the search by Escape, also of what was typed just before', async () => {
    await open();
    const field = view.querySelector<HTMLInputElement>('input[type=search]')!;
    field.value = 'name';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    await press('Escape', field);
    await wait(200);
    await settled();
    expect(host.called('semantic.features').every(({ search }) => search === '')).toBe(true);
  });

  it('pins what was measured, not what the controls say by then', async () => {
    let answer = (): void => undefined;
    let runs = 0;
    const measure = async (): Promise<typeof effect> => {
      if (runs++ > 0) await new Promise<void>((resolve) => { answer = resolve; });
      return effect;
    };
    await open({ v: 1, feature: 7 }, { 'semantic.effect': measure });
    const panel = view.querySelector('mechanist-effect')!;
    panel.querySelector<HTMLElement>('vscode-button')!.click();
    await wait(20);
    await settled();
    panel.querySelectorAll<HTMLInputElement>('input[type=radio]')[2]!.dispatchEvent(new Event('change'));
    await wait(20);
    await settled();
    expect(host.called('semantic.effect')).toHaveLength(2);
    panel.querySelector<HTMLElement>('.verdict .codicon-pin')!.click();
    await settled();
    expect(host.called('panel.pin')).toMatchObject([{ evidence: [{ method: 'ablation.feature@1', parameters: { subject: expect.stringContaining('/7') as string } }] }]);
    answer();
  });

  it('writes a label into the workspace and reads the lists again', async () => {
    await open({ v: 1, feature: 7 });
    const lists = host.called('semantic.features').length;
    await press('e');
    const field = view.querySelector<HTMLInputElement>('.label-form input')!;
    field.value = 'subject of the sentence';
    view.querySelector('.label-form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settled();
    expect(host.called('semantic.label.set')).toEqual([{ model: 'm1', dictionary: 'd2', labels: 'ws/.mechanist/labels', feature: 7, label: 'subject of the sentence' }]);
    expect(host.called('semantic.features').length).toBeGreaterThan(lists);
  });

  it('has a label suggested by whom the user chooses, shown with its score beside its controls, and writes it when it is taken', async () => {
    const score = { detection: 0.9, wrongLabel: 0.52, shuffled: 0.5, fuzzing: 0.8, fuzzingWrongLabel: 0.78, byBin: [], examples: 40 };
    const written = { label: '<b>names</b>', writer: 'tiny-model', score, answers: { label: [1, 0], wrong: [0, 0] }, wrong: 'verbs', unanswered: 1 };
    await open({ v: 1, feature: 7 }, { 'panel.label.write': () => written, 'semantic.label.set': () => ({ label: 'x', author: 'model' }), 'semantic.label.score': () => score });
    const suggestion = view.querySelector('mechanist-suggestion')!;
    const press2 = async (label: string): Promise<void> => {
      Array.from(suggestion.querySelectorAll<HTMLElement>('vscode-button')).find((button) => button.textContent.trim() === label)!.click();
      await settled();
    };
    await press('l');
    await press2('From the local endpoint');
    expect(host.called('panel.label.write')).toEqual([{ by: 'endpoint', model: 'm1', dictionary: 'd2', store: 'zoo/store', labels: 'ws/.mechanist/labels', feature: 7 }]);
    const said = suggestion.textContent.replace(/\s+/g, ' ');
    expect(suggestion.querySelector('strong b')).toBeNull();
    for (const part of ['<b>names</b>', 'by tiny-model', 'label found again in held-out examples: .90 (wrong label .52, shuffled .50)', 'tokens found again: .80 (wrong label .78) not clearly better than its control', 'wrong label: “verbs”', '1 questions not answered as asked']) expect(said).toContain(part);
    expect(await axeViolations(view)).toEqual([]);
    await press2('Use it');
    expect(host.called('semantic.label.set')).toEqual([{ model: 'm1', dictionary: 'd2', labels: 'ws/.mechanist/labels', feature: 7, label: '<b>names</b>', author: 'model', writer: 'tiny-model' }]);
    expect(host.called('semantic.label.score')).toMatchObject([{ feature: 7, answers: { label: [1, 0], wrong: [0, 0] } }]);
    expect(view.querySelector('.suggestion')).toBeNull();
  });

  it('tells why nobody suggests a label, with the setting and another way at hand', async () => {
    await open({ v: 1, feature: 7 }, { 'panel.label.write': () => { throw new Error('The endpoint cannot be reached.'); }, 'panel.openSetting': () => null });
    host.tell('show', { part: 'suggest' });
    await settled();
    const button = (label: string): HTMLElement => Array.from(view.querySelectorAll<HTMLElement>('.suggestion vscode-button')).find((one) => one.textContent.trim() === label)!;
    button('From the local endpoint').click();
    await settled();
    expect(text('.suggestion [role=alert]')).toContain('The endpoint cannot be reached.');
    button('Open the setting').click();
    button('Another way').click();
    await settled();
    expect(host.called('panel.openSetting')).toEqual([{ name: 'labels.endpoint' }]);
    expect(button('From statistics')).toBeDefined();
  });

  it('labels all features, shows how far it is, goes on after a stop, and says what the labels are worth', async () => {
    await open();
    view.querySelector<HTMLElement>('.list-head .codicon-lightbulb')!.click();
    await settled();
    expect(host.called('panel.job.start')).toEqual([{ id: 'labels d2', method: 'semantic.label.auto', params: { model: 'm1', dictionary: 'd2', store: 'zoo/store', labels: 'ws/.mechanist/labels', save: true, resume: true } }]);
    const job = { id: 'labels d2', method: 'semantic.label.auto', params: {}, history: [] } as const;
    host.tell('job', { ...job, state: 'running', progress: { stage: 'labels', done: 512, of: 1000 } });
    await settled();
    expect(text('.progress-line')).toContain('Labelling features: 512 of 1,000');
    host.tell('job', { ...job, state: 'cancelled', progress: undefined });
    await settled();
    expect(text('.progress-line')).toContain('Labels that were made are kept.');
    view.querySelector<HTMLElement>('.progress-line vscode-button')!.click();
    await settled();
    expect(host.called('panel.job.start')).toHaveLength(2);
    const lists = host.called('semantic.features').length;
    host.tell('job', { ...job, state: 'running', progress: undefined });
    await settled();
    host.tell('job', { ...job, state: 'done', progress: undefined, result: { labels: [], skipped: 10, saved: 800, summary: { labelled: 990, detection: 0.83, wrongLabel: 0.51, passed: 0.81, identified: { features: 200, passed: 0.92 } } } });
    await settled();
    expect(text('.outcome')).toContain('800 labels beat wrong labels by .2 and were saved (81 % of 990 made); 10 features fire too rarely.');
    expect(text('.outcome')).toContain('Of 200 features that ground truth identifies, 92 % have such a label.');
    expect(host.called('semantic.features').length).toBeGreaterThan(lists);
  });

  it('offers no writing where the workspace is not trusted', async () => {
    await open({ v: 1, feature: 7 }, { 'panel.start': () => ({ ...started, context: { ...context, trusted: false } }) });
    expect(view.querySelector('mechanist-label .codicon-edit')).toBeNull();
    await press('e');
    expect(view.querySelector('.label-form')).toBeNull();
  });

  it('is asked for a feature, for what fires on a selection, for a part', async () => {
    await open();
    host.tell('show', { subject: { kind: 'feature', subject: 'mechanist:feature/fable-4l/blocks.2.hook_resid_post/12', feature: 12, dictionary: 'd2' }, action: 'steer' });
    await settled();
    await wait(10);
    await settled();
    expect(view.querySelector('article.card')!.getAttribute('aria-label')).toBe('Feature 12');
    expect(host.called('semantic.effect')[0]).toMatchObject({ action: { kind: 'steer', strength: 1 } });
    host.tell('show', { selection: { text: 'Mary gave', document: 'file:///a.txt', start: 0, end: 9 } });
    await settled();
    expect(host.called('semantic.searchText')[0]).toMatchObject({ selection: 'Mary gave' });
    expect(text('.query')).toBe('fire on “Mary gave”');
    host.tell('show', { part: 'dictionary' });
    await settled();
    expect(text('.detail')).toContain('How good is this dictionary?');
  });

  it('shows no feature of the dictionary in use for one whose dictionary is not known', async () => {
    await open();
    host.tell('show', { subject: { kind: 'feature', subject: 'mechanist:feature/other/blocks.1.hook_resid_post/3', feature: 3, dictionary: 'gone' } });
    await settled();
    expect(view.querySelector('article.card')).toBeNull();
    expect(host.called('semantic.feature')).toEqual([]);
    expect(text('.semantic > .problem')).toContain('not in use any more');
  });

  it('keeps a wish for a part until the store that it works on is there', async () => {
    let arrive = (): void => undefined;
    const late = new Promise<void>((resolve) => { arrive = resolve; });
    await open(undefined, { 'semantic.stores': async () => { await late; return [store]; }, 'panel.pick': () => [] });
    host.tell('show', { part: 'export' });
    await settled();
    expect(host.called('panel.pick')).toEqual([]);
    arrive();
    await settled();
    expect(host.called('panel.pick')).toMatchObject([{ what: 'saveAs' }]);
  });

  it('changes the dictionary first when a feature belongs to another one', async () => {
    await open();
    host.tell('show', { subject: { kind: 'feature', subject: 'mechanist:feature/fable-4l/blocks.1.hook_resid_post/3', feature: 3, dictionary: 'd1' } });
    await settled();
    expect(host.called('panel.useDictionary')).toEqual([{ dictionary: 'd1' }]);
    expect(view.querySelector('article.card')).toBeNull();
    host.tell('context', { ...context, dictionary: 'd1' });
    await settled();
    expect(host.called('semantic.feature').at(-1)).toMatchObject({ dictionary: 'd1', feature: 3 });
  });

  it('steps between dictionaries, lists its keys, searches', async () => {
    await open();
    await press('[');
    expect(host.called('panel.useDictionary')).toEqual([{ dictionary: 'd1' }]);
    await press('?');
    expect(view.querySelector('[role=dialog]')!.textContent).toContain('edit the label');
    await press('Escape');
    expect(view.querySelector('[role=dialog]')).toBeNull();
    const search = view.querySelector<HTMLInputElement>('input[type=search]')!;
    search.value = 'position 12';
    search.dispatchEvent(new Event('input', { bubbles: true }));
    await wait(200);
    await settled();
    expect(host.called('semantic.features').at(-1)).toMatchObject({ search: 'position 12' });
  });

  it('teaches how to begin where nothing has been harvested, and shows the harvest in place', async () => {
    await open(undefined, { 'semantic.stores': () => [] });
    expect(text('.semantic')).toContain('Nobody has looked yet');
    view.querySelector<HTMLElement>('.empty vscode-button')!.click();
    await settled();
    view.querySelector('mechanist-harvest form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settled();
    expect(host.called('panel.job.start')[0]).toMatchObject({ id: 'harvest d2', method: 'semantic.harvest', params: { corpus: { kind: 'bundled' }, folder: 'ws/.mechanist/stores' } });
    const job = { id: 'harvest d2', method: 'semantic.harvest', params: {}, history: [] } as const;
    host.tell('job', { ...job, state: 'running', progress: { stage: 'running', done: 20, of: 80, tokensPerSecond: 900, rowsReady: 1024, store: 'ws/.mechanist/stores/x' } });
    await settled();
    expect(text('.progress-line')).toContain('Running the model: 20 of 80 texts');
    view.querySelector<HTMLElement>('.progress-line vscode-button')!.click();
    await settled();
    expect(host.called('panel.job.cancel')).toEqual([{ id: 'harvest d2' }]);
    host.tell('job', { ...job, state: 'cancelled', progress: undefined });
    await settled();
    expect(text('.progress-line')).toContain('What is finished is kept.');
  });

  it('draws the curves of a training as its reports arrive, and goes to what was trained', async () => {
    await open({ v: 1, page: 'train' }, { 'panel.addDictionary': () => null });
    view.querySelector('mechanist-train form')!.dispatchEvent(new Event('submit', { bubbles: true, cancelable: true }));
    await settled();
    expect(host.called('panel.job.start')[0]).toMatchObject({ id: 'train', method: 'semantic.train' });
    const job = { id: 'train', method: 'semantic.train', params: { job: 'one' }, history: [] } as const;
    for (const step of [1, 2, 3]) {
      host.tell('job', { ...job, state: 'running', progress: { step, steps: 100, loss: 1 / step, fvu: 0.5 / step, l0: 16, dead: 0.1, tokensPerSecond: 5000 } });
      await settled();
    }
    expect(text('mechanist-train .progress-line')).toContain('Step 3 of 100');
    expect(view.querySelectorAll('mechanist-train mechanist-chart')).toHaveLength(4);
    host.tell('job', { ...job, state: 'done', progress: undefined, result: { dictionary: 'd9', folder: 'ws/d9', hash: 'h', steps: 3, stoppedEarly: true } });
    await settled();
    expect(text('mechanist-train')).toContain('Stopped after 3 steps and kept.');
    Array.from(view.querySelectorAll<HTMLElement>('mechanist-train vscode-button')).find((button) => button.textContent.includes('Look at its features'))!.click();
    await settled();
    expect(host.called('panel.addDictionary')).toEqual([{ path: 'ws/d9' }]);
    expect(view.querySelector('mechanist-train')).toBeNull();
  });

  it('shows what a harvest has finished while it runs', async () => {
    await open(undefined, { 'semantic.stores': () => [] });
    host.tell('job', { id: 'harvest d2', method: 'semantic.harvest', params: {}, history: [], state: 'running', progress: { stage: 'running', done: 20, of: 80, tokensPerSecond: 900, rowsReady: 1024, store: 'ws/part' } });
    await settled();
    expect(host.called('semantic.features')[0]).toMatchObject({ store: 'ws/part' });
  });

  it('says why something did not work, and tries again', async () => {
    let broken = true;
    await open({ v: 1, feature: 7 }, { 'semantic.feature': (params: { feature: number }) => { if (broken) throw new Error('The store is damaged.'); return answers['semantic.feature']!(params as never, () => undefined, new AbortController().signal); } });
    expect(text('.detail [role=alert]')).toContain('The store is damaged.');
    broken = false;
    view.querySelector<HTMLElement>('.detail .failure vscode-button')!.click();
    await settled();
    expect(view.querySelector('article.card')).not.toBeNull();
  });

  it.each([
    ['the list', undefined], ['a card', { v: 1, feature: 7 }], ['the map', { v: 1, feature: 7, list: 'map' }], ['the dictionary', { v: 1, page: 'dictionary' }], ['training', { v: 1, page: 'train' }], ['harvest', { v: 1, page: 'harvest' }],
  ])('has no violation of accessibility rules: %s', async (_, place) => {
    await open(place);
    expect(await axeViolations(view)).toEqual([]);
  });

  it('has no literal style attribute in its templates, which the content security policy would refuse', async () => {
    await open({ v: 1, feature: 7 });
    expect(Array.from(view.querySelectorAll('[style]'), (element) => element.tagName).filter((tag) => !['MECHANIST-TABLE', 'DIV'].includes(tag))).toEqual([]);
  });
});
