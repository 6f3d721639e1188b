const stops = 'a[href], button, input, select, textarea, summary, [tabindex]:not([tabindex="-1"])'

/**
 * Moves the focus past a date field: its day, month, year and calendar are four stops otherwise. The
 * arrow keys go between them.
 * @param event keydown of Tab, with or without Shift
 */
export function tabPast(event: KeyboardEvent): void {
  const field = event.currentTarget as HTMLElement
  const all = [...document.querySelectorAll<HTMLElement>(stops)].filter(
    (one) =>
      one === field ||
      (one.tabIndex >= 0 &&
        !one.matches(':disabled') &&
        one.checkVisibility({ visibilityProperty: true })),
  )
  const next = all[all.indexOf(field) + (event.shiftKey ? -1 : 1)]
  if (!next) return
  event.preventDefault()
  next.focus()
}
