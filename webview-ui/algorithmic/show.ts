/** What the panel does when it is asked to show something. */
import type { ShowRequest, Subject } from '../../src/protocol/views/panel.ts';
import { layerOf } from './parts/names.ts';
import { tabIds } from './place.ts';
import type { TabId } from './place.ts';
import type { Works } from './works.ts';

export async function show(works: Works, { part, file, selection, subject, action, question, allPairs }: ShowRequest): Promise<void> {
  const { inquiry, graph, pairs } = works;
  if (part !== undefined && isTab(part)) inquiry.showTab(part);
  if (subject !== undefined) showSubject(works, subject, action);
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

function showSubject({ inquiry }: Works, { kind, subject }: Subject, action: ShowRequest['action']): void {
  const parts = subject.replace(/^mechanist:\w+\//, '').split('/').map(decodeURIComponent);
  if (kind === 'feature') inquiry.showTab('graph');
  else if (action === 'findCircuits' || kind === 'edge' || kind === 'circuit') inquiry.showTab('circuit');
  else if (action === 'ablate') {
    inquiry.choose('patching', { replacement: 'mean', site: kind === 'head' ? 'z' : 'resid_pre' });
    inquiry.showTab('patching');
  } else if (kind === 'head') {
    inquiry.choose('attention', { layer: layerOf(parts[1] ?? '') ?? 0, head: Number(parts[2]) || 0 });
    inquiry.showTab('attention');
  } else inquiry.showTab('lens');
}

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

const isTab = (part: string): part is TabId => (tabIds as readonly string[]).includes(part);
