/** Whether a line of a .jsonl file is meant as a prompt pair. What is wrong with one is told where it is read. */
const longest = 20_000;

export function looksLikePair(line: string): boolean {
  return line.length <= longest && /^\s*\{/.test(line) && /"(?:clean|clean_prefix)"\s*:/.test(line) && /"(?:corrupted|patch_prefix)"\s*:/.test(line);
}
