/** VS Code's language models as label writers: which there are, the user's choice, requests with VS Code's own consent. */
import { CancellationTokenSource, LanguageModelChatMessage, l10n, lm, window } from 'vscode';
import type { LanguageModelChat } from 'vscode';
import { chatModelWriter } from './chatModels.ts';
import type { ChatModel } from './chatModels.ts';
import type { LabelWriter } from './writeLabel.ts';

/** Rejects as `chatModelWriter`. */
export async function languageModelWriter(): Promise<LabelWriter> {
  const models = await lm.selectChatModels();
  return chatModelWriter(models.map(chatModel), choose, l10n.t);
}

async function choose(models: readonly ChatModel[]): Promise<ChatModel | undefined> {
  const picked = await window.showQuickPick(
    models.map((model) => ({ label: model.name, description: [...new Set([model.vendor, model.family])].filter((part) => part !== '').join(' · '), model })),
    { title: l10n.t('A label from a language model'), placeHolder: l10n.t('Passages of the corpus are sent to the model that you choose'), matchOnDescription: true },
  );
  return picked?.model;
}

function chatModel(model: LanguageModelChat): ChatModel {
  const { name, vendor, family } = model;
  return {
    name, vendor, family,
    async send(prompt, signal) {
      const token = new CancellationTokenSource();
      signal.addEventListener('abort', () => token.cancel(), { once: true });
      if (signal.aborted) token.cancel();
      const justification = l10n.t('To find a label for a feature, and to judge it on passages of the corpus.');
      return (await model.sendRequest([LanguageModelChatMessage.User(prompt)], { justification }, token.token)).text;
    },
  };
}
