/** Movement by keys inside one tab stop. */

/** Where a key moves among `count` items in a row; `undefined` for other keys. */
export function movedSelection(key: string, selected: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowRight': case 'ArrowDown': return Math.min(count - 1, selected + 1);
    case 'ArrowLeft': case 'ArrowUp': return Math.max(0, selected - 1);
    case 'Home': return 0;
    case 'End': return count - 1;
    default: return undefined;
  }
}

/** The same among the cells of a grid, `page` rows at a time for the page keys. */
export function movedCell(key: string, cell: { readonly row: number; readonly column: number }, rows: number, columns: number, page = 10): { row: number; column: number } | undefined {
  const { row, column } = cell;
  const at = (nextRow: number, nextColumn: number) => ({
    row: Math.max(0, Math.min(rows - 1, nextRow)), column: Math.max(0, Math.min(columns - 1, nextColumn)),
  });
  switch (key) {
    case 'ArrowDown': return at(row + 1, column);
    case 'ArrowUp': return at(row - 1, column);
    case 'ArrowRight': return at(row, column + 1);
    case 'ArrowLeft': return at(row, column - 1);
    case 'PageDown': return at(row + page, column);
    case 'PageUp': return at(row - page, column);
    case 'Home': return at(0, column);
    case 'End': return at(rows - 1, column);
    default: return undefined;
  }
}

/** Whether keys belong to a field the user types into. */
export function isTyping(event: Event): boolean {
  return event.composedPath().some((target) => target instanceof HTMLElement && (/^(?:INPUT|TEXTAREA|SELECT|VSCODE-TEXTFIELD|VSCODE-TEXTAREA)$/.test(target.tagName) || target.isContentEditable));
}
