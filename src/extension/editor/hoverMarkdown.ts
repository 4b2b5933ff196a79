/** Draws the lines of a hover as Markdown. What comes from a model is appended as text, never parsed. */
import { MarkdownString } from 'vscode';
import { hoverCommands } from '../inspection/hoverContent.ts';
import type { HoverLine } from '../inspection/hoverContent.ts';

export function hoverMarkdown(lines: readonly HoverLine[]): MarkdownString {
  const markdown = new MarkdownString();
  markdown.isTrusted = { enabledCommands: hoverCommands };
  lines.forEach((line, index) => {
    if (index > 0) markdown.appendMarkdown('  \n');
    for (const part of line) {
      if (part.kind === 'command') {
        const args = part.args.length === 0 ? '' : `?${encodeURIComponent(JSON.stringify(part.args))}`;
        markdown.appendMarkdown(`[${part.title}](command:${part.command}${args})`);
      } else {
        markdown.appendText(part.text);
      }
    }
  });
  return markdown;
}
