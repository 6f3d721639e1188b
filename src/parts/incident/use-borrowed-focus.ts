import { onBeforeUnmount, onUnmounted, watch, type Ref } from 'vue'

/**
 * Moves the focus into a panel. On close returns it to the previous element, or to its nearest
 * focusable ancestor.
 */
export function useBorrowedFocus(root: Readonly<Ref<HTMLElement | null>>): void {
  const lenders: HTMLElement[] = []
  for (let at = document.activeElement; at instanceof HTMLElement; at = at.parentElement)
    if (at.tabIndex >= 0 || at.hasAttribute('tabindex')) lenders.push(at)
  const main = document.querySelector('main')
  if (lenders.length === 0 && main) lenders.push(main)
  let isHeld = false

  watch(root, (element) => element?.focus({ preventScroll: true }))
  onBeforeUnmount(() => {
    const { activeElement } = document
    isHeld = activeElement === document.body || root.value?.contains(activeElement) === true
  })
  onUnmounted(() => {
    if (isHeld) lenders.find((element) => element.checkVisibility())?.focus({ preventScroll: true })
  })
}
