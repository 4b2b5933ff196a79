/** Text for a `MarkdownString` that is shown as it is and still breaks between words, which `appendText` does not let it. */

/** Escapes every sign that Markdown or HTML could read; line ends become paragraphs. */
export function plainMarkdown(text: string): string {
  return text.split(/\r\n|\r|\n/).map((line) => line.replace(/[!-/:-@[-`{-~]/g, String.raw`\$&`)).join('\n\n');
}
