/** The page of a webview: strict policy, local assets only, the view's strings as data. */
import { randomBytes } from 'node:crypto';
import { Uri, env } from 'vscode';
import type { Webview } from 'vscode';

export interface PageOptions {
  readonly webview: Webview;
  readonly extensionUri: Uri;
  /** Name of the bundle in `dist/webview`, and of the view for those who look for its frame. */
  readonly view: string;
  readonly title: string;
  /** Tag of the root element. */
  readonly element: string;
  /** Sentences in English and in the user's language. */
  readonly strings: Readonly<Record<string, string>>;
  /** Charts draw heat maps, and their images, as data of their own. */
  readonly drawsImages?: boolean;
}

export function assetsOf(extensionUri: Uri): Uri {
  return Uri.joinPath(extensionUri, 'dist', 'webview');
}

export function webviewPage({ webview, extensionUri, view, title, element, strings, drawsImages = false }: PageOptions): string {
  const nonce = randomBytes(18).toString('base64');
  const asset = (name: string): string => webview.asWebviewUri(Uri.joinPath(assetsOf(extensionUri), name)).toString();
  const policy = `default-src 'none'; style-src ${webview.cspSource}; font-src ${webview.cspSource}; script-src 'nonce-${nonce}'${drawsImages ? '; img-src data: blob:' : ''}`;
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeAttribute(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeAttribute(title)}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${escapeAttribute(asset('codicon.css'))}">
<link rel="stylesheet" href="${escapeAttribute(asset(`${view}.css`))}">
</head>
<body data-view="${view}" data-strings="${escapeAttribute(JSON.stringify(strings))}">
<main><h1 class="only-heard">${escapeAttribute(title)}</h1><${element}></${element}></main>
<script nonce="${nonce}" src="${escapeAttribute(asset(`${view}.js`))}"></script>
</body>
</html>`;
}

function escapeAttribute(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/"/g, '&quot;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
