const maxNameLength = 120

/** Joins the parts without letters that a file system refuses. Without an ending. */
export const fileName = (parts: readonly string[]): string =>
  parts
    .filter(Boolean)
    .join(' ')
    .replaceAll(/[\u0000-\u001f\\/:*?"<>|]+/g, '-')
    .slice(0, maxNameLength)
    .trim()
