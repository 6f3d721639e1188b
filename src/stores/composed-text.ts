/**
 * Knows whether an input method is composing a word. `v-model` ignores its model until the word ends
 * and then writes the field's own text into it: a model replaced meanwhile would be overwritten.
 * @returns `ended()`, which resolves once no word is being composed, and `stop()`
 */
export function watchComposition(): { ended: () => Promise<void>; stop: () => void } {
  let isComposing = false
  const waiting: (() => void)[] = []
  const begin = (): void => void (isComposing = true)
  // bubbling: `v-model` has taken the word over by then; a field that loses focus composes nothing
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
