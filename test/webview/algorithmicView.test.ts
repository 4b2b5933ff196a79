// @vitest-environment happy-dom
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PeerError } from '../../src/protocol/peer.ts';
import { AlgorithmicView } from '../../webview-ui/algorithmic/algorithmicView.ts';
import { defineAlgorithmic } from '../../webview-ui/algorithmic/elements.ts';
import { tabIds } from '../../webview-ui/algorithmic/place.ts';
import { define } from '../../webview-ui/shared/element.ts';
import { defineKit } from '../../webview-ui/shared/kitElements.ts';
import { answers, graphView, sweep } from './algorithmicData.ts';
import { axeViolations } from './axe.ts';
import { context, model, openPanel, started } from './fakeHost.ts';
import type { Answers, FakeHost } from './fakeHost.ts';
import { press as pressKey, settled as pageSettled, textOf } from './settled.ts';

let host: FakeHost;
let view: AlgorithmicView;

beforeAll(() => {
  defineKit();
  defineAlgorithmic();
  define('mechanist-algorithmic', AlgorithmicView);
});

beforeEach(() => document.body.replaceChildren());

const question = { text: 'When Mary gave', corrupted: 'When John gave', metric: 'logit_diff', target: { token: '·Mary', id: 2 }, distractor: { token: '·John', id: 7 } };

async function open(place?: unknown, more: Answers = {}): Promise<void> {
  ({ host, view } = await openPanel<AlgorithmicView>('mechanist-algorithmic', { ...answers, ...more }, place));
}

const settled = (): Promise<void> => pageSettled(view);
const text = (selector: string): string => textOf(view, selector);
const button = (label: string): HTMLElement => Array.from(view.querySelectorAll<HTMLElement>('vscode-button, button')).find((one) => one.textContent.trim() === label || one.getAttribute('aria-label') === label)!;
const click = async (label: string): Promise<void> => {
  button(label).click();
  await settled();
};
const press = (key: string, on: Element = view): Promise<void> => pressKey(view, key, on);
const input = async (selector: string, value: string, event = 'input'): Promise<void> => {
  const field = view.querySelector<HTMLInputElement>(selector)!;
  field.value = value;
  field.dispatchEvent(new Event(event, { bubbles: true }));
  await settled();
};

describe('the question bar', () => {
  it('teaches what belongs here while there is no prompt', async () => {
    await open();
    expect(text('mechanist-overview')).toContain('Type a prompt above');
    expect(host.called('lens.grid')).toEqual([]);
    await click('Try an example');
    expect(host.state).toMatchObject({ question: { text: 'When Mary and John went to the market, John gave a book to', corrupted: 'When Mary and John went to the market, Mary gave a book to' } });
  });

  it('takes answers from the model’s own predictions, and shows another prompt aligned', async () => {
    await open({ question: { text: 'When Mary gave' } });
    expect(Array.from(view.querySelectorAll<HTMLInputElement>('.answer'), ({ value }) => value)).toEqual(['␣Mary', '␣John']);
    await input('select[aria-label^="Suggested"]', '0', 'change');
    expect(text('.alignment')).toContain('aligned, 4 tokens, 1 differ');
    expect(Array.from(view.querySelectorAll('.aligned mark'), (mark) => mark.textContent)).toEqual(['␣Mary', '␣John']);
  });

  it('says why prompts of unequal length cannot be compared, with a way forward', async () => {
    await open({ question: { ...question, corrupted: 'When John gave me' } });
    expect(text('.question')).toContain('4 tokens against 5');
    await click('Use an aligned one: ␣Mary → ␣John');
    expect(text('.alignment')).toContain('aligned');
  });

  it('says that an answer of several tokens is measured at its first', async () => {
    await open({ question });
    await input('.answer[aria-label="Target token"]', '␣Mary␣Ann', 'change');
    expect(text('.question')).toContain('is 2 tokens for this model');
  });

  it('asks a line of the pair file in the editor, and remembers the file', async () => {
    await open();
    host.tell('selection', { text: '{"clean": …}', document: 'file:///w/ioi.jsonl', start: 0, end: 9 });
    await settled();
    await click('From editor');
    expect(host.called('pairs.read')[0]).toMatchObject({ source: { kind: 'text' } });
    expect(text('.pairs')).toContain('pair 1 of 2');
    expect(text('.question')).toContain('line 2: A pair needs a clean prompt.');
    await click('Next pair');
    expect(view.querySelector<HTMLTextAreaElement>('#prompt')!.value).toBe('So Anna gave');
  });

  it('says what to select when nothing is', async () => {
    await open(undefined, { 'panel.start': () => ({ ...started, selection: undefined }) });
    await click('From editor');
    expect(text('.question')).toContain('Nothing is selected in the editor');
  });

  it('asks what a command brings, once a model is open', async () => {
    await open(undefined, { 'panel.start': () => ({ ...started, context: { ...context, model: undefined, models: [] }, show: { question: { clean: 'When Mary gave', corrupted: 'When John gave', answer: ' Mary', distractor: ' John' }, part: 'patching' } }) });
    expect(text('.empty')).toContain('Open a model');
    host.tell('context', context);
    await settled();
    expect(host.state).toMatchObject({ tab: 'patching', question: { corrupted: 'When John gave', target: { id: 2 }, distractor: { id: 7 } } });
  });
});

describe('the tabs', () => {
  it.each(tabIds)('%s is accessible, without literal styles', async (tab) => {
    await open({ tab, question, graph: { graph: 'g1' } }, { 'graph.list': () => [summaryOf()] });
    if (tab === 'patching') await click('Run');
    if (tab === 'circuit') {
      await click('Score edges');
      await click('Test this circuit');
    }
    expect(await axeViolations(view)).toEqual([]);
    expect(Array.from(view.querySelectorAll('[style]'), ({ tagName }) => tagName).filter((name) => name !== 'DIV' && name !== 'MECHANIST-TABLE')).toEqual([]);
  });

  it('are reached by their numbers, and kept', async () => {
    await open({ question });
    await press('4');
    expect(view.querySelector('[aria-selected=true][role=tab]')!.id).toBe('tab-patching');
    expect(host.state).toMatchObject({ tab: 'patching' });
  });

  it('list their keys on ?', async () => {
    await open({ question });
    await press('?');
    expect(text('[role=dialog]')).toContain('one layer down or up');
    expect(await axeViolations(view)).toEqual([]);
  });

  it('show the lens with a cell that the arrows move and brackets step through layers', async () => {
    await open({ tab: 'lens', question });
    const heat = view.querySelector('mechanist-heat-grid')!;
    expect(heat.querySelectorAll('[role=gridcell]')).toHaveLength(12);
    expect(heat.querySelectorAll('[tabindex="0"]')).toHaveLength(1);
    await press('ArrowLeft', heat.querySelector('[role=grid]')!);
    expect(text('mechanist-lens h2')).toContain('1 resid_post at position 2');
    await press('[');
    expect(text('mechanist-lens h2')).toContain('0 resid_post at position 2');
    expect(text('.sum')).toContain('= metric +4.00');
  });

  it('measure direct attribution on the other prompt as well', async () => {
    await open({ tab: 'lens', question });
    expect(host.called('dla.run').map(({ text: prompt }) => prompt)).toEqual(['When Mary gave', 'When John gave']);
    expect(text('mechanist-lens .bar-rows th.control')).toBe('on the other prompt');
  });

  it('patch, show the prediction behind a cell, and pin it beside other places', async () => {
    await open({ tab: 'patching', question });
    await click('Run');
    view.querySelector('mechanist-patching mechanist-chart')!.dispatchEvent(new CustomEvent('chart-pick', { detail: { row: 0, column: 2 } }));
    await settled();
    expect(host.called('sweep.cell')[0]).toMatchObject({ hook: 'blocks.0.hook_resid_pre', where: { position: 2 } });
    expect(text('mechanist-patching')).toContain('rank 1 of 8');
    await click('Pin this place');
    expect(host.called('panel.pin')[0]).toMatchObject({ evidence: [{ method: 'patching.activation@1', value: 1, control: { value: 0.5 }, parameters: { hook: 'blocks.0.hook_resid_pre', position: 2 }, inputs: { pairs: '{"clean":"When Mary gave","corrupted":"When John gave","answers":[" Mary"],"distractors":[" John"]}' } }] });
    expect(text('.pinned-note')).toContain('Pinned');
  });

  it('say what is missing before patching, and when values are not numbers', async () => {
    await open({ tab: 'patching', question: { ...question, corrupted: '' } });
    expect(text('mechanist-patching')).toContain('compares with a second prompt');
    await open({ tab: 'patching', question }, { 'sweep.run': () => ({ ...sweep, scores: sweep.scores.map((score, index) => (index === 0 ? Number.NaN : score)) }) });
    await click('Run');
    expect(text('mechanist-patching')).toContain('not numbers');
  });

  it('show a failure where the result would be, and try again', async () => {
    let calls = 0;
    await open({ tab: 'patching', question }, { 'sweep.run': () => {
      if (calls++ === 0) throw new PeerError({ reason: 'out-of-memory', message: 'Too large.', hint: 'Choose fewer layers.' });
      return sweep;
    } });
    await click('Run');
    expect(text('mechanist-patching [role=alert]')).toContain('Too large. — Choose fewer layers.');
    await click('Try again');
    expect(text('mechanist-patching')).toContain('clean +4.00');
  });

  it('show progress where the result will be, and cancel there', async () => {
    let aborted = false;
    await open({ tab: 'patching', question }, { 'sweep.run': (_params: never, progress: (value: unknown) => void, signal: AbortSignal) => {
      progress({ stage: 'sweep', done: 1, of: 4 });
      return new Promise((_, reject) => signal.addEventListener('abort', () => {
        aborted = true;
        reject(new PeerError({ reason: 'cancelled', message: 'Stopped.' }));
      }));
    } });
    await click('Run');
    expect(text('mechanist-patching .progress-line')).toContain('25 %');
    await click('Cancel');
    expect(aborted).toBe(true);
    expect(view.querySelector('mechanist-patching .progress-line')).toBeNull();
  });

  it('find a circuit, test it beside its nulls and pin it', async () => {
    await open({ tab: 'circuit', question });
    await click('Score edges');
    expect(text('mechanist-circuit')).toContain('6 of 6');
    expect(text('mechanist-circuit')).toContain('Not tested yet');
    await click('Test this circuit');
    expect(host.called('circuit.evaluate')[0]).toMatchObject({ edges: 'e1', nulls: 50, selection: { kind: 'top', edges: 20 } });
    expect(text('.verdict')).toContain('more than 99 % of random circuits (0.40)');
    await click('Pin this circuit');
    expect(host.called('panel.pin')[0]).toMatchObject({ evidence: [{ method: 'circuit.faithfulness@1', value: 0.93, control: { value: 0.4 } }] });
  });

  it('compare two methods once both were run', async () => {
    await open({ tab: 'circuit', question });
    await click('Score edges');
    await input('mechanist-circuit select', 'eap', 'change');
    await click('Score edges');
    await press('7');
    view.querySelector<HTMLElement>('mechanist-compare vscode-button')!.click();
    await settled();
    expect(text('mechanist-compare')).toContain('4 edges in common');
    expect(text('mechanist-compare section .control')).toContain('random circuits of these sizes: 2.7');
  });
});

describe('a subject that is brought from elsewhere', () => {
  const head = { kind: 'head' as const, subject: 'mechanist:component/fable-4l/blocks.1.attn.hook_z/3' };

  it('is ablated among all of its kind, and looked at', async () => {
    const heads = { ...sweep, hooks: ['blocks.0.attn.hook_z', 'blocks.1.attn.hook_z'], axes: [{ name: 'position', size: 4 }, { name: 'head', size: 4 }], scores: new Float32Array(32), normalized: undefined };
    await open({ tab: 'overview', question }, { 'sweep.run': () => heads });
    host.tell('show', { subject: head, action: 'ablate' });
    await settled();
    expect(host.called('sweep.run')).toMatchObject([{ site: 'z', replacement: 'mean' }]);
    expect(host.called('sweep.cell')).toMatchObject([{ hook: 'blocks.1.attn.hook_z', where: { position: 3, head: 3 } }]);
  });

  it('is the node whose edges are listed, when circuits are looked for', async () => {
    await open({ tab: 'circuit', question });
    await click('Score edges');
    host.tell('show', { subject: { kind: 'head', subject: 'mechanist:component/fable-4l/blocks.0.attn.hook_z/0' }, action: 'findCircuits' });
    await settled();
    expect(text('mechanist-circuit .chip')).toBe('a0.h0 ×');
    expect(text('section[aria-label=Edges] h2')).toContain('2 of 6 edges');
    await click('a0.h0 ×');
    expect(text('section[aria-label=Edges] h2')).toContain('4 of 6 edges');
  });

  it('is selected in the graph when it is a node there, and told of when it is not', async () => {
    const transcoders = [0, 1].map((layer) => ({ dictionary: `t${layer}`, id: `transcoders.${layer}`, kind: 'transcoder' as const, architecture: 'topk', hook: `blocks.${layer}.ln2.hook_normalized`, latents: 64, hash: 'ab'.repeat(8), source: `zoo/transcoders/layer_${layer}.safetensors` }));
    const withSet = { ...started, context: { ...context, models: [{ ...model, dictionaries: transcoders }] } };
    await open({ tab: 'overview', question }, { 'panel.start': () => withSet, 'graph.labels': () => 0 });
    const subject = { kind: 'feature' as const, subject: 'mechanist:feature/fable-4l/transcoders.0/101', feature: 101, dictionary: 't0' };
    host.tell('show', { subject, action: 'findCircuits' });
    await settled();
    expect(text('mechanist-question')).toContain('Build a graph: feature 101');
    await click('Build the graph');
    host.tell('show', { subject, action: 'findCircuits' });
    await settled();
    expect(host.called('graph.search')).toMatchObject([{ query: 'L0 #101' }]);
    expect(text('mechanist-node-card h2')).toContain('#101');
    host.tell('show', { subject: { ...subject, subject: 'mechanist:feature/fable-4l/elsewhere/101', dictionary: 'd9' }, action: 'findCircuits' });
    await settled();
    expect(text('mechanist-question')).toContain('Feature 101 is no node of the graph');
  });
});

describe('the attribution graph', () => {
  it('is built for the question, drawn, and equal in content as a list', async () => {
    await open({ tab: 'graph', question });
    await click('Build the graph');
    expect(host.called('graph.build')[0]).toMatchObject({ text: 'When Mary gave', target: { kind: 'difference', target: 2, distractor: 7 } });
    expect(text('mechanist-graph-tab')).toContain('replacement score 0.80');
    expect(text('mechanist-graph-tab')).toContain('Left out: 1 features');
    await click('List');
    expect(view.querySelectorAll('mechanist-graph-list .grid-row')).toHaveLength(6);
  });

  it('names a feature in the label file of its dictionary, and in the graph where there is none', async () => {
    const transcoders = [0, 1].map((layer) => ({ dictionary: `t${layer}`, id: `transcoders.${layer}`, kind: 'transcoder' as const, architecture: 'topk', hook: `blocks.${layer}.ln2.hook_normalized`, latents: 64, hash: 'ab'.repeat(8), source: `zoo/transcoders/layer_${layer}.safetensors` }));
    const withSet = { ...started, context: { ...context, models: [{ ...model, dictionaries: transcoders }] } };
    await open({ tab: 'graph', question, graph: { graph: 'g1', list: true } }, { 'panel.start': () => withSet, 'graph.list': () => [summaryOf()], 'graph.labels': () => 3, 'semantic.label.set': () => null, 'graph.label': () => null });
    await press('Enter', view.querySelector('mechanist-graph-list .grid')!);
    await press('ArrowDown', view.querySelector('mechanist-graph-list .grid')!);
    await press('Enter', view.querySelector('mechanist-graph-list .grid')!);
    expect(view.querySelector('mechanist-node-card mechanist-chip')).not.toBeNull();
    await click('Edit the label');
    await input('mechanist-node-card .label-form input', 'names of people');
    await click('Save');
    expect(host.called('semantic.label.set')[0]).toMatchObject({ dictionary: 't0', feature: 101, label: 'names of people', labels: 'ws/.mechanist/labels' });
    expect(host.called('graph.label')[0]).toMatchObject({ graph: 'g1', labels: { '0/101': 'names of people' } });
    expect(text('mechanist-node-card h2')).toContain('names of people');
  });

  it('pins by Space, groups, tests a group beside random features', async () => {
    await open({ tab: 'graph', question, graph: { graph: 'g1', list: true, pinned: [1, 5] } }, { 'graph.list': () => [summaryOf()] });
    const rows = view.querySelector('mechanist-graph-list .grid')!;
    await press(' ', rows);
    expect(host.state).toMatchObject({ graph: { pinned: [1, 5, 0] } });
    for (const box of Array.from(view.querySelectorAll<HTMLInputElement>('mechanist-pinned li input')).slice(0, 2)) box.click();
    await settled();
    await input('mechanist-pinned input[type=text]', 'the names');
    await click('Group 2 nodes');
    expect(host.state).toMatchObject({ graph: { supernodes: [{ label: 'the names', nodes: [1, 5] }] } });
    await click('Test the group the names');
    await click('Ablate');
    expect(host.called('graph.intervene')[0]).toMatchObject({ nodes: [1, 5], change: { kind: 'ablate' }, controls: 20 });
    expect(text('.supernode')).toContain('not special to these nodes');
  });

  it('pins what was pinned when the measurement began, again as a whole after a failure', async () => {
    let fail = true;
    let answer = (): void => undefined;
    const run = async (): Promise<object> => {
      if (fail) throw new PeerError({ reason: 'internal', message: 'out of luck' });
      await new Promise<void>((resolve) => { answer = resolve; });
      return { method: 'graph.attribution@1', metric: 'share', value: 0.5, inputs: {}, parameters: {}, seed: 0, measures: {}, models: [], dictionaries: [], date: '' };
    };
    await open({ tab: 'graph', question, graph: { graph: 'g1', list: true, pinned: [1] } }, { 'graph.list': () => [summaryOf()], 'findings.run': run });
    await click('Pin this subgraph to a finding');
    expect(text('mechanist-pinned')).toContain('out of luck');
    fail = false;
    await click('Try again');
    await press(' ', view.querySelector('mechanist-graph-list .grid')!);
    expect(host.state).toMatchObject({ graph: { pinned: [1, 0] } });
    answer();
    await settled();
    expect(host.called('findings.run').at(-1)).toMatchObject({ models: ['fable-4l'], parameters: { nodes: ['0_1_1'] } });
    expect(host.called('panel.pin')).toMatchObject([{ claim: expect.not.stringContaining('Mary,') as string, subjects: [{ kind: 'circuit' }, { kind: 'feature', subject: 'mechanist:feature/fable-4l/transcoders.0/101' }] }]);
    expect(text('.pinned-note')).toContain('Pinned to a finding.');
  });

  it('says nothing of a pin that the user thought better of', async () => {
    await open({ tab: 'circuit', question }, { 'panel.pin': () => false });
    await click('Score edges');
    await click('Pin this circuit');
    expect(host.called('panel.pin')).toHaveLength(1);
    expect(text('.pinned-note')).toBe('');
  });

  it('offers the transcoders of the model that is in use, and forgets the graph of the one before', async () => {
    const other = { ...model, model: 'm2', id: 'other' };
    const sets = ({ model: key }: { model: string }): object[] => [{ path: `zoo/${key}`, name: `set of ${key}`, kind: 'transcoders', layers: 2, latents: 64, inputHook: 'ln2.hook_normalized', outputHook: 'hook_mlp_out' }];
    await open({ tab: 'graph', question }, { 'graph.sets': sets });
    await click('Build the graph');
    expect(view.querySelector('mechanist-graph')).not.toBeNull();
    host.tell('context', { ...context, models: [model, other], model: 'm2', dictionary: undefined });
    await settled();
    expect(host.called('graph.sets').map((asked) => asked['model'])).toEqual(['m1', 'm2']);
    expect(view.querySelector('mechanist-graph')).toBeNull();
  });

  it('opens a node’s card with what leads to it, and finds nodes by label', async () => {
    await open({ tab: 'graph', question, graph: { graph: 'g1' } }, { 'graph.list': () => [summaryOf()] });
    await input('#graph-search', 'names');
    await click('L0 #101');
    expect(text('mechanist-node-card')).toContain('What leads to it');
    expect(host.called('graph.neighbours').map(({ direction }) => direction)).toEqual(['inputs', 'outputs']);
    expect(await axeViolations(view)).toEqual([]);
  });

  it('asks for the new part when a threshold moves, and shows the old one meanwhile', async () => {
    let waits = false;
    await open({ tab: 'graph', question, graph: { graph: 'g1' } }, { 'graph.list': () => [summaryOf()], 'graph.view': () => (waits ? new Promise(() => undefined) : graphView) });
    waits = true;
    const drawn = view.querySelector('mechanist-graph');
    await input('.filters input[type=range]', '0.5');
    expect(host.called('graph.view').at(-1)).toMatchObject({ thresholds: { node: 0.5, edge: 0.98 } });
    expect(drawn).not.toBeNull();
    expect(view.querySelector('.graph-main .busy mechanist-graph')).toBe(drawn);
  });

  it('opens a file without a model, and says what was repaired', async () => {
    const file = { ...summaryOf(), source: { kind: 'file', path: '/w/x.graph.json', scan: 'gemma' }, scores: undefined, remarks: ['3 links to nodes that are not there were left out.'] };
    await open(undefined, {
      'panel.start': () => ({ ...started, context: { ...context, models: [], model: undefined }, show: { part: 'graph', file: '/w/x.graph.json' } }), 'graph.open': () => file, 'graph.pinned': () => ({ nodes: [1], supernodes: [] }),
    });
    expect(host.called('graph.open')).toEqual([{ path: '/w/x.graph.json', repair: false }]);
    expect(text('mechanist-graph-tab')).toContain('3 links to nodes');
    expect(host.state).toMatchObject({ graph: { pinned: [1], file: '/w/x.graph.json' } });
  });

  it('keeps its element, and with it the focus, when a node is pinned', async () => {
    await open({ tab: 'graph', question, graph: { graph: 'g1' } }, { 'graph.list': () => [summaryOf()] });
    const canvas = view.querySelector('mechanist-graph')!;
    canvas.dispatchEvent(new CustomEvent('node-pin', { detail: { node: 2 }, bubbles: true }));
    await settled();
    expect(host.called('graph.view').at(-1)).toMatchObject({ pinned: [2] });
    expect(view.querySelector('mechanist-graph')).toBe(canvas);
  });

  it('says what a model without transcoders lacks', async () => {
    await open({ tab: 'graph', question }, { 'graph.sets': () => [] });
    expect(text('mechanist-graph-tab')).toContain('has no transcoders');
  });
});

function summaryOf(): object {
  return (answers['graph.build'] as unknown as () => object)();
}
