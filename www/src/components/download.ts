/** Hands a file to the user. */
export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** A table with the mark by which spreadsheets know that it is UTF-8. */
export function csvFile(table: string): Blob {
  return new Blob(['\ufeff', table], { type: 'text/csv;charset=utf-8' });
}
