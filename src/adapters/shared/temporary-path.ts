/** The path to write a text to before renaming it, so that the file is never half written. The next write replaces leftovers. */
export function temporaryPath(path: string): string {
  const name = path.lastIndexOf("/") + 1;
  return `${path.slice(0, name)}.${path.slice(name)}.tmp`;
}
