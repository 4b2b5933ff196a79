/** How pure code gets its sentences into the user's language: `vscode.l10n.t` in the editor, `english` in tests. */
export type Translate = (message: string, ...values: (string | number)[]) => string;
