/** Entry of the map of findings. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import type { FromMap } from '../../src/protocol/views/findingsMap.ts';
import { define } from '../shared/element.ts';
import { connectHost, reportProblems } from '../shared/host.ts';
import { loadStrings } from '../shared/strings.ts';
import { FindingsMap } from './mapView.ts';

loadStrings(document.body);
define('mechanist-findings-map', FindingsMap);

const host = connectHost();
const send = (message: FromMap): void => host.send(message);
reportProblems((message) => send({ type: 'problem', message }));
const view = document.querySelector<FindingsMap>('mechanist-findings-map')!;
view.connect(host);
host.onMessage(() => void view.updateComplete.then(() => {
  document.body.dataset.ready = '1';
}));
send({ type: 'ready' });
