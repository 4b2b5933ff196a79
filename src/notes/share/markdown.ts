/**
 * Markdown of a note as HTML, for sharing. A small, closed set of constructs; everything else, HTML included, comes out as
 * escaped text. Links go to https and to findings; pictures are those that the caller gives.
 */

export interface MarkdownOptions {
  /** `data:` URI of a picture beside the note, or undefined. */
  readonly picture: (path: string) => string | undefined;
  /** What stands for a `mechanist:` link: its title. */
  readonly describe: (uri: string) => string;
}

export function renderMarkdown(markdown: string, options: MarkdownOptions): string {
  const html: string[] = [];
  let paragraph: string[] = [];
  let list: { tag: 'ul' | 'ol'; items: string[] } | undefined;
  let code: { fence: string; lines: string[] } | undefined;
  const flush = (): void => {
    if (paragraph.length > 0) html.push(`<p>${inlines(paragraph.join('\n'), options)}</p>`);
    if (list !== undefined) html.push(`<${list.tag}>${list.items.map((item) => `<li>${inlines(item, options)}</li>`).join('')}</${list.tag}>`);
    [paragraph, list] = [[], undefined];
  };
  for (const line of markdown.split(/\r?\n/)) {
    if (code !== undefined) {
      if (line.trim().startsWith(code.fence) && /^[`~]+$/.test(line.trim())) {
        html.push(`<pre><code>${escapeHtml(code.lines.join('\n'))}</code></pre>`);
        code = undefined;
      } else code.lines.push(line);
      continue;
    }
    const fence = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    const heading = /^(#{1,6})[ \t]+(.*?)[ \t]*#*$/.exec(line);
    const item = /^[ \t]*(?:([-*+])|\d{1,9}[.)])[ \t]+(.*)$/.exec(line);
    if (fence !== undefined) {
      flush();
      code = { fence, lines: [] };
    } else if (heading !== null) {
      flush();
      html.push(`<h${heading[1]!.length}>${inlines(heading[2]!, options)}</h${heading[1]!.length}>`);
    } else if (item !== null) {
      const tag = item[1] === undefined ? 'ol' : 'ul';
      if (list?.tag !== tag || paragraph.length > 0) flush();
      list ??= { tag, items: [] };
      list.items.push(item[2]!);
    } else if (line.trim() === '') flush();
    else if (/^ {0,3}(?:-{3,}|\*{3,}|_{3,})[ \t]*$/.test(line)) {
      flush();
      html.push('<hr>');
    } else if (list !== undefined) list.items[list.items.length - 1] += `\n${line.trim()}`;
    else paragraph.push(line);
  }
  flush();
  if (code !== undefined) html.push(`<pre><code>${escapeHtml(code.lines.join('\n'))}</code></pre>`);
  return html.join('\n');
}

export function escapeHtml(text: string): string {
  return text.replaceAll('\0', '\uFFFD').replaceAll(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const pattern = /(`+)([^`](?:[\s\S]*?[^`])?)\1(?!`)|!\[([^\]\n]{0,500})\]\(([^()\s]{1,500})\)|\[([^\]\n]{1,500})\]\(([^()\s]{1,1000})\)|<((?:https|mechanist):[^<>\s]{1,1000})>|\*\*([^*\n]{1,2000})\*\*|\*([^*\n]{1,2000})\*|(mechanist:[a-z]+(?:\/[\w.~%-]*[\w~%-])+)/g;

function inlines(text: string, options: MarkdownOptions): string {
  let html = '';
  let at = 0;
  for (const match of text.matchAll(pattern)) {
    html += escapeHtml(text.slice(at, match.index));
    at = match.index + match[0].length;
    const [, , code, alt, source, label, target, auto, strong, emphasis, bare] = match;
    if (code !== undefined) html += `<code>${escapeHtml(code)}</code>`;
    else if (source !== undefined) html += picture(alt!, source, options);
    else if (target !== undefined) html += link(target, label!, options);
    else if (auto !== undefined) html += link(auto, auto, options);
    else if (strong !== undefined) html += `<strong>${escapeHtml(strong)}</strong>`;
    else if (emphasis !== undefined) html += `<em>${escapeHtml(emphasis)}</em>`;
    else html += link(bare!, options.describe(bare!), options);
  }
  return html + escapeHtml(text.slice(at));
}

function picture(alt: string, source: string, { picture: find }: MarkdownOptions): string {
  const data = find(source);
  return data !== undefined && /^data:image\/(?:png|jpeg|webp|svg\+xml);base64,[A-Za-z0-9+/=]*$/.test(data) ? `<img src="${data}" alt="${escapeHtml(alt)}">` : `<em>${escapeHtml(`[${alt}]`)}</em>`;
}

/** `https` links stay links; a subject is shown with its identity, since nothing outside can open it. */
function link(target: string, label: string, { describe }: MarkdownOptions): string {
  if (/^https:\/\/[^\s"'<>`]+$/.test(target)) return `<a href="${escapeHtml(target)}" rel="noopener noreferrer">${escapeHtml(label)}</a>`;
  if (target.startsWith('mechanist:')) return `<span class="subject" title="${escapeHtml(`${target}: ${describe(target)}`)}">${escapeHtml(label)}</span>`;
  return escapeHtml(label === target ? label : `${label} (${target})`);
}
