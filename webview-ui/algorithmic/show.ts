/** What the panel does when it is asked to show something. */
import type { ShowRequest, Subject } from '../../src/protocol/views/panel.ts';
import { t } from '../shared/strings.ts';
import { circuitNode } from './circuit/drawing.ts';
import { dictionaryOf } from './graph/featureDictionary.ts';
import type { GraphWork } from './graph/graphWork.ts';
import type { Inquiry } from './inquiry.ts';
import { layerOf } from './parts/names.ts';
import { tabIds } from './place.ts';
import type { TabId } from './place.ts';
import type { Works } from './works.ts';

export async function show(works: Works, { part, file, selection, subject, action, question, allPairs }: ShowRequest): Promise<void> {
  const { inquiry, graph, pairs } = works;
  if (part !== undefined && isTab(part)) inquiry.showTab(part);
  if (subject !== undefined) await showSubject(works, subject, action);
  if (part === 'graph' && file !== undefined) {
    await graph.open(file);
    return;
  }
  if (question === undefined && selection === undefined) return;
  await modelOpened(works);
  if (question !== undefined) {
    await inquiry.ask(question);
    if (question.file !== undefined) await pairs.read(question.file);
  } else if (selection !== undefined) {
    inquiry.session.selection = selection;
    await pairs.fromEditor();
    const set = inquiry.question.pairs;
    if (allPairs === true && set !== undefined) inquiry.setPairs({ ...set, count: inquiry.pairLines.length, all: true });
  }
}

/** The host has brought the subject's model into use. The subject is selected where it is shown. */
async function showSubject(works: Works, subject: Subject, action: ShowRequest['action']): Promise<void> {
  const { inquiry, circuit, graph } = works;
  const { kind } = subject;
  const parts = partsOf(subject);
  if (kind === 'feature') {
    inquiry.showTab('graph');
    await showFeature(inquiry, graph, subject);
  } else if (action === 'findCircuits' || kind === 'edge' || kind === 'circuit') {
    circuit.node = circuitNode(subject);
    inquiry.showTab('circuit');
  } else if (action === 'ablate') await ablate(works, subject);
  else if (kind === 'head') {
    inquiry.choose('attention', { layer: layerOf(parts[1] ?? '') ?? 0, head: Number(parts[2]) || 0 });
    inquiry.showTab('attention');
  } else inquiry.showTab('lens');
}

/** Runs the ablation of all places of its kind, as far as there is a prompt, and looks at this one. */
async function ablate({ inquiry, patching }: Works, subject: Subject): Promise<void> {
  const [, hook = '', index] = partsOf(subject);
  const site = patchSites.find((one) => hook.endsWith(`hook_${one}`));
  inquiry.choose('patching', { replacement: 'mean', site: subject.kind === 'neuron' ? 'neurons' : (site ?? 'resid_pre') });
  patching.wanted = { hook, index: index === undefined ? undefined : Number(index) };
  inquiry.showTab('patching');
  if (patching.missing === undefined) await patching.run();
}

/** Selects a feature in the graph that is open, or says why it is not there. */
async function showFeature(inquiry: Inquiry, graph: GraphWork, { feature, dictionary }: Subject): Promise<void> {
  const summary = graph.summary.value;
  const layers = summary === undefined ? [] : Array.from({ length: summary.layers }, (_, layer) => layer);
  const layer = layers.find((one) => dictionary !== undefined && dictionaryOf(summary!.source, one, inquiry.session.model)?.dictionary === dictionary);
  const nodes = layer === undefined ? [] : await graph.lookFor(`L${layer} #${feature}`);
  if (nodes[0] === undefined) inquiry.remark = summary === undefined ? t('Build a graph: feature {0} is a node in one if its transcoders are used and it is active.', feature ?? '') : t('Feature {0} is no node of the graph that is open.', feature ?? '');
  else {
    inquiry.remark = undefined;
    graph.select(nodes[0]);
  }
  inquiry.requestUpdate();
}

const partsOf = ({ subject }: Subject): string[] => subject.replace(/^mechanist:\w+\//, '').split('/').map(decodeURIComponent);

/** Waits until a model is open: the host opens one when a panel starts. */
function modelOpened({ inquiry }: Works): Promise<void> {
  if (inquiry.session.model !== undefined) return Promise.resolve();
  return new Promise((resolve) => {
    const end = inquiry.session.watch(() => {
      if (inquiry.session.model === undefined) return;
      end();
      resolve();
    });
  });
}

/** Sites whose hook has their name at its end; longer ones first. */
const patchSites = ['resid_pre', 'resid_mid', 'resid_post', 'attn_out', 'mlp_out', 'pattern', 'z', 'q', 'k', 'v'] as const;

const isTab = (part: string): part is TabId => (tabIds as readonly string[]).includes(part);
