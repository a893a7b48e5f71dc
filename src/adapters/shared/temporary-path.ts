/** Where a text is put until it is renamed: beside the file, which is never half written. What a kill left there is written over. */
export function temporaryPath(path: string): string {
  const name = path.lastIndexOf("/") + 1;
  return `${path.slice(0, name)}.${path.slice(name)}.tmp`;
}
