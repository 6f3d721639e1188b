import { computed, type Ref } from 'vue'
import { useI18n } from 'vue-i18n'
import {
  chineseWords,
  responseName,
  scoreNameKey,
  scoreNames,
  type Board,
} from '@/domain/evaluation/names.ts'
import { isFreeName } from '@/domain/evaluation/parse.ts'

/**
 * Names of a board in the reader's language. Where each title is one word, as in Chinese, formulas show titles; else they show keys.
 * Both may be written, and the server gets keys.
 */
export function useScoreWords(board: Ref<Board>) {
  const { t } = useI18n()
  return computed(() => {
    const names = scoreNames[board.value].map((key) => {
      const title = t(scoreNameKey(key))
      return { key: key as string, title, word: title.replace(/（.*）/u, '') }
    })
    const isWorded =
      names.every(({ word }) => isFreeName(word)) &&
      new Set(names.map(({ word }) => word)).size === names.length
    const shown = names.map(({ key, title, word }) => ({ key, title, word: isWorded ? word : key }))
    return {
      list: shown,
      titleOf: new Map([
        ...shown.map(({ key, title }) => [key, title] as const),
        [responseName, t(scoreNameKey(responseName))],
      ]),
      /** As read: keys and words. */
      known: new Map(shown.flatMap(({ key, word }) => [[key, key] as const, [word, key] as const])),
      fromKeys: new Map(shown.map(({ key, word }) => [key, word])),
      toKeys: new Map([...shown.map(({ key, word }) => [word, key] as const), ...chineseWords]),
    }
  })
}
