/** Entry of the inspector's page. */
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import '@vscode-elements/elements/dist/vscode-progress-ring/index.js';
import { connectHost, reportProblems } from '../shared/host.ts';
import { loadStrings } from '../shared/strings.ts';
import { InspectorView } from './inspectorView.ts';
import { TokenStrip } from '../shared/components/tokenStrip.ts';

loadStrings(document.body);
customElements.define('mechanist-token-strip', TokenStrip);
customElements.define('mechanist-inspector', InspectorView);

const host = connectHost();
reportProblems((message) => host.send({ type: 'problem', message }));
const view = document.querySelector<InspectorView>('mechanist-inspector')!;
view.connect(host);
host.send({ type: 'ready' });
void view.updateComplete.then(() => {
  document.body.dataset.ready = '1';
});
