/**
 * During input-method composition `v-model` ignores its model, then writes the field's text. A
 * model replaced meanwhile would be overwritten.
 * @returns `ended()` resolves when nothing is composed
 */
export function watchComposition(): { ended: () => Promise<void>; stop: () => void } {
  let isComposing = false
  const waiting: (() => void)[] = []
  const begin = (): void => void (isComposing = true)
  // Bubble phase: `v-model` has already taken the word. A blur also ends composition.
  const end = (): void => {
    isComposing = false
    for (const resolve of waiting.splice(0)) resolve()
  }
  document.addEventListener('compositionstart', begin)
  for (const name of endings) document.addEventListener(name, end)
  return {
    ended: () =>
      isComposing ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(),
    stop(): void {
      end()
      document.removeEventListener('compositionstart', begin)
      for (const name of endings) document.removeEventListener(name, end)
    },
  }
}
const endings = ['compositionend', 'focusout'] as const
