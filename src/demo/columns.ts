/** Lines up cells in columns: `align` has one letter a column, l or r. The first row is a header. */
export function columns(header: readonly string[], rows: readonly (readonly string[])[], align: string): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `  ${widths.map((width, column) => pad(row[column] ?? '', width, align[column] ?? 'l')).join('  ')}`.trimEnd();
  return all.map(line).join('\n');
}

const pad = (cell: string, width: number, align: string) => (align === 'r' ? cell.padStart(width) : cell.padEnd(width));
