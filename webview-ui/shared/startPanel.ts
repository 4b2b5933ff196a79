/** Starts a panel's page: conversation, elements of the kit, log of problems, ready mark. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-progress-bar/index.js';
import type { LitElement } from 'lit';
import type { FigureEvent } from './charts/chart.ts';
import { PanelChannel, tellFailure } from './channel.ts';
import { define } from './element.ts';
import { connectHost, reportProblems } from './host.ts';
import { Session } from './session.ts';
import { defineKit } from './kitElements.ts';
import { loadStrings } from './strings.ts';

/** The element at the root of a panel. */
export interface PanelElement extends LitElement {
  session: Session | undefined;
}

/** `tag` is the element's name in the page that the host has made. Sets `data-ready` when the first state is drawn. */
export async function startPanel(tag: string, element: new () => PanelElement): Promise<void> {
  loadStrings(document.body);
  const host = connectHost();
  const channel = new PanelChannel(host);
  reportProblems((message) => channel.tell('problem', { message }), (reason) => tellFailure(channel, reason));
  defineKit();
  define(tag, element);
  document.addEventListener('figure-save', (event) => {
    const { name, content, copy } = (event as FigureEvent).detail;
    const done = copy && typeof content === 'string' ? channel.ask('panel.copy', { text: content }) : channel.ask('panel.save', { name, content });
    done.catch((error: unknown) => tellFailure(channel, error));
  });
  const session = new Session(channel, host);
  const view = document.querySelector<PanelElement>(tag)!;
  view.session = session;
  await session.start();
  await view.updateComplete;
  document.body.dataset.ready = '1';
}
