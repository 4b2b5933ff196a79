/** Offers three language models to the workbench: one that answers, one that is over its quota, one that never answers. Runs in the extension host. */
import * as vscode from 'vscode';
import { answerAsked } from '../../support/labelJudge.ts';

/** Declared by the extension of `support/inHost.ts`. */
const vendor = 'mechanist-tests';

const models: readonly vscode.LanguageModelChatInformation[] = ['Answering', 'Exhausted', 'Silent'].map((name) => ({
  id: name.toLowerCase(), name: `${name} Model`, family: 'tests', version: '1', maxInputTokens: 100_000, maxOutputTokens: 1000, capabilities: {},
}));

const provider: vscode.LanguageModelChatProvider = {
  provideLanguageModelChatInformation: () => [...models],
  provideTokenCount: (_model, text) => Promise.resolve(typeof text === 'string' ? text.length : 1),
  async provideLanguageModelChatResponse({ id }, messages, _options, progress, token) {
    if (id === 'exhausted') throw vscode.LanguageModelError.Blocked('the quota is used up');
    if (id === 'silent') await new Promise<void>((resolve) => { token.onCancellationRequested(() => resolve()); });
    const prompt = messages.flatMap(({ content }) => content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : ''))).join('');
    progress.report(new vscode.LanguageModelTextPart(answerAsked(prompt)));
  },
};

/** Ends with the workbench: until then the models are there. */
export async function run(): Promise<void> {
  vscode.lm.registerLanguageModelChatProvider(vendor, provider);
  await new Promise(() => undefined);
}
