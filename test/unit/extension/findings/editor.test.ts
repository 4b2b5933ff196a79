/** Parts of findings that talk to the editor, with one that is made up. */
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FindingComments } from '../../../../src/extension/findings/comments.ts';
import { FindingNotes } from '../../../../src/extension/findings/findingNotes.ts';
import { LinkHover } from '../../../../src/extension/findings/linkHover.ts';
import { Verifier } from '../../../../src/extension/findings/verification.ts';
import { viewState } from '../../../../src/extension/findings/viewState.ts';
import { OpenModels } from '../../../../src/extension/models/openModels.ts';
import type { EngineCallOptions } from '../../../../src/protocol/engineClient.ts';
import type { MethodName, Params, Results } from '../../../../src/protocol/methods.ts';
import { newNote } from '../../../../src/notes/newNote.ts';
import { parseLink } from '../../../../src/notes/subjects.ts';
import { PeerError } from '../../../../src/protocol/peer.ts';
import { FakeEngine, dictionary, english, model } from '../fakes.ts';
import { editor } from '../fakeVscode.ts';

vi.mock('vscode', async () => (await import('../fakeVscode.ts')).fakeVscode());

const feature = 'mechanist:feature/a/resid/7';
const text = (id: string, records = 0): string => newNote(id, {
  title: `Title of ${id}`, claim: `Claim of ${id}.`, kind: 'semantic', subjects: [feature],
  evidence: Array.from({ length: records }, (_, index) => ({
    method: 'feature.statistics@1', date: '2026-01-01', metric: 'density', value: index, models: [{ id: 'a', hash: '0'.repeat(64) }], dictionaries: [], inputs: { text: 'x' }, parameters: {}, seed: 0, measures: {},
  })),
});
let problems: string[];
let notes: FindingNotes;

beforeEach(() => {
  problems = [];
  editor.files = new Map([['/w/a.md', text('a', 2)], ['/v/b.md', text('b', 1)]]);
  editor.folders = ['/w', '/v'];
  editor.findFiles = undefined;
  editor.messages = [];
  editor.commentThreads = 0;
  editor.configuration.clear();
  editor.foldersChanged.dispose();
  editor.cancel.dispose();
  notes = new FindingNotes((problem) => problems.push(problem));
});

const ids = (): string[] => notes.index.findings().map(({ finding }) => finding.id).toSorted();

describe('the notes of a workspace', () => {
  it('are read again after a failure, which is told once', async () => {
    editor.findFiles = () => Promise.reject(new Error('no files here'));
    await expect(notes.ready()).rejects.toThrow('no files here');
    editor.findFiles = undefined;
    await notes.ready();
    expect(ids()).toEqual(['a', 'b']);
    expect(problems).toEqual([expect.stringContaining('no files here')]);
  });

  it('leave the index with their folder, and when they grow beyond the limit', async () => {
    await notes.ready();
    editor.folders = ['/w'];
    editor.foldersChanged.fire();
    await notes.ready();
    expect(ids()).toEqual(['a']);
    editor.files.set('/w/a.md', text('a') + ' '.repeat(8_000_001));
    editor.foldersChanged.fire();
    await notes.ready();
    expect(ids()).toEqual([]);
    expect(problems).toEqual([expect.stringContaining('more than 8000000')]);
  });
});

describe('a hover over a link', () => {
  const document = { getText: () => 'A paragraph.' };
  const link = { start: 0, end: 5 };
  const cancel = { onCancellationRequested: () => ({ dispose: () => undefined }) };

  async function hover(engine: FakeEngine): Promise<string> {
    engine.models.set('a', model('a', [{ ...dictionary('d'), id: 'resid' }]));
    const models = new OpenModels(engine, { defaultSource: () => ({ source: { kind: 'zoo', id: 'a' } }), memoryLimit: () => undefined });
    await models.need();
    await notes.ready();
    const { value } = await new LinkHover(notes, models, engine, (problem) => problems.push(problem)).content(parseLink(feature), document as never, link as never, cancel as never);
    return value;
  }

  it('has the findings about it also when the engine fails, which is in the log', async () => {
    // The fake engine cannot paint.
    expect(await hover(new FakeEngine())).toContain('Title of a');
    expect(problems).toEqual([expect.stringContaining('text.paint')]);
  });

  it('asks nothing of an engine that does not run', async () => {
    const engine = new FakeEngine();
    engine.condition = { kind: 'starting' };
    expect(await hover(engine)).toContain('Title of a');
    expect(engine.called('text.paint')).toEqual([]);
  });
});

it('comments that are turned off while the notes are read are not made', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  editor.configuration.set('findings.showAsComments', true);
  editor.files.set('/w/a.md', text('a', 1).replace('text: x', 'text: quoted line'));
  editor.documents = [{ uri: { scheme: 'file', toString: () => 'file:///w/x.txt' }, languageId: 'plaintext', getText: () => 'quoted line\n' }];
  const thrown: unknown[] = [];
  const hear = (reason: unknown): void => void thrown.push(reason);
  process.on('unhandledRejection', hear);
  const shown = new FindingComments(notes);
  vi.runAllTimers();
  // The notes are being read.
  shown.dispose();
  vi.useRealTimers();
  await notes.ready();
  await new Promise((resolve) => { setTimeout(resolve, 0); });
  process.off('unhandledRejection', hear);
  editor.documents = [];
  expect(thrown).toEqual([]);
  expect(editor.commentThreads).toBe(0);
});

describe('running evidence again', () => {
  class Measuring extends FakeEngine {
    stopAfter = Infinity;

    override async call<M extends MethodName>(method: M, params: Params<M>, options: EngineCallOptions = {}): Promise<Results[M]> {
      if (method !== 'findings.verify') return super.call(method, params, options);
      this.calls.push({ method, params, options });
      await Promise.resolve();
      if (this.called(method).length > this.stopAfter) {
        editor.cancel.fire();
        throw new PeerError({ reason: 'cancelled', message: 'cancelled' });
      }
      const confirmed: Results['findings.verify'] = { state: 'confirmed', reason: '', found: undefined };
      return confirmed as Results[M];
    }
  }
  const paths = ['file:///w/a.md', 'file:///v/b.md'];

  it('goes on after a note that fails, and says which', async () => {
    editor.files.set('/w/a.md', '# No finding\n');
    expect(await new Verifier(new Measuring(), notes).verify(paths)).toHaveLength(1);
    expect(editor.messages.join('\n')).toMatch(/1 confirmed[^]*a\.md/);
  });

  it('keeps what was measured before it was stopped', async () => {
    const engine = new Measuring();
    engine.stopAfter = 1;
    const verifier = new Verifier(engine, notes);
    expect(await verifier.verify(paths)).toHaveLength(1);
    expect(verifier.lastOf(paths[0]!)).toHaveLength(1);
    expect(engine.called('findings.verify')).toHaveLength(2);
  });
});

describe('the view of findings', () => {
  it('says in words what its badge counts, what is searched for, and that nothing matches', async () => {
    await notes.ready();
    const all = notes.index.findings();
    expect(viewState(all, undefined, english)).toEqual({ badge: undefined, description: '', message: '' });
    expect(viewState(all.map((entry) => ({ ...entry, state: 'drifted' as const })), 'title', english)).toEqual({ badge: { value: 2, tooltip: expect.stringMatching(/could not be run: 2$/) as string }, description: '“title”', message: '' });
    expect(viewState(all, 'nowhere', english).message).toContain('nowhere');
    expect(viewState([], 'nowhere', english).message).toBe('');
  });
});
