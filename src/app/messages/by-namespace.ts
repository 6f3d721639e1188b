/** Locale files by their name: `…/map-page.json` holds what `t('map-page.…')` shows. */
export const byNamespace = (
  files: Record<string, Record<string, unknown>>,
): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path.slice(path.lastIndexOf('/') + 1, -'.json'.length),
      content,
    ]),
  )
