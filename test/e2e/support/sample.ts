/** The text that specs read, and what every hover over it says. */
export const sampleText = [
  'When Mary and John went to the market, John gave a book to Mary.',
  'The red fox sees a small dog in the garden. Unbelievableness 🚀 naïve end',
].join('\r\n');

export const sampleFiles: Readonly<Record<string, string>> = { 'sample.txt': sampleText };

export const inspection = /token \d+ of \d+ · fable-4l[\s\S]*next: /;
