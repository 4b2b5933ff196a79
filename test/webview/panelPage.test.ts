// @vitest-environment happy-dom
/** What every panel's page does where it has nothing to draw: no model, a request that failed unseen. */
import { render } from 'lit';
import { describe, expect, it } from 'vitest';
import { PeerError } from '../../src/protocol/peer.ts';
import type { PageEvents, PanelContext } from '../../src/protocol/views/panel.ts';
import { PanelChannel, tellFailure } from '../../webview-ui/shared/channel.ts';
import { noModel } from '../../webview-ui/shared/components/noModel.ts';
import { reportProblems } from '../../webview-ui/shared/host.ts';
import { Session } from '../../webview-ui/shared/session.ts';
import { FakeHost, context, started } from './fakeHost.ts';

describe('a page without a model', () => {
  async function drawn(change: Partial<PanelContext>): Promise<string> {
    const host = new FakeHost({ 'panel.start': () => ({ ...started, context: { ...context, models: [], model: undefined, ...change } }) });
    const session = new Session(new PanelChannel(host), host);
    await session.start();
    const place = document.createElement('div');
    render(noModel(session, 'Open one.'), place);
    return Array.from(place.querySelectorAll('p, vscode-button'), ({ textContent }) => textContent.trim()).join(' ');
  }

  it.each<[string, Partial<PanelContext>, RegExp]>([
    ['offers to open one, also when one has been closed', {}, /^Open one\. Open model$/],
    ['says that it is being opened', { opening: { kind: 'running' } }, /^Opening the model…$/],
    ['says why it was not opened', { opening: { kind: 'failed', message: 'No such folder.' } }, /^No such folder\. Open model$/],
    ['says that the engine starts', { engine: { kind: 'starting' } }, /^Starting the engine…$/],
    ['says why there is no engine', { engine: { kind: 'failed', reason: 'It ended.' }, opening: { kind: 'failed', message: 'gone' } }, /^It ended\. Restart engine$/],
  ])('%s', async (_, change, expected) => {
    expect(await drawn(change)).toMatch(expected);
  });
});

describe('a request whose failure nothing draws', () => {
  const told: [string, unknown][] = [];
  const channel = { tell: <E extends keyof PageEvents>(event: E, value: PageEvents[E]) => { told.push([event, value]); } };
  reportProblems((message) => channel.tell('problem', { message }), (reason) => tellFailure(channel, reason));
  const reject = (reason: unknown): void => { window.dispatchEvent(Object.assign(new Event('unhandledrejection'), { reason })); };

  it('is told a person with its hint; what was cancelled is told nobody, a defect the log', () => {
    reject(new PeerError({ reason: 'not-found', message: 'No such file.', hint: 'Look again.' }));
    reject(new PeerError({ reason: 'cancelled', message: 'cancelled' }));
    reject(new TypeError('x is undefined'));
    expect(told).toEqual([['failure', { message: 'No such file. — Look again.' }], ['problem', { message: 'unhandled rejection: TypeError: x is undefined' }]]);
  });
});
