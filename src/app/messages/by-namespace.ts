/** `…/map-page.json` holds the texts of `t('map-page.…')`. */
export const byNamespace = (
  files: Record<string, Record<string, unknown>>,
): Record<string, Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(files).map(([path, content]) => [
      path.slice(path.lastIndexOf('/') + 1, -'.json'.length),
      content,
    ]),
  )
