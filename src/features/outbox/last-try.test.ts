import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { ItemSummary } from '@/sync/index.ts'
import { isOwnReason, lastTryKey } from './last-try.ts'

const failed = (code: string, state: ItemSummary['state'] = 'queued') =>
  ({ state, error: { code } }) as ItemSummary

describe('why the last try of an item failed', () => {
  it('is said for what waits, in known words where there are any', () => {
    expect(lastTryKey(failed('photo_no_room'), () => true)).toBe('receipt.try.photo_no_room')
    expect(lastTryKey(failed('XX000'), () => false)).toBe('receipt.try.other')
    expect(lastTryKey(failed('outside_city', 'rejected'), () => true)).toBeNull()
  })

  it('stands in its row only where it is its own', () => {
    expect(isOwnReason(failed('photo_no_room'))).toBe(true)
    expect(isOwnReason(failed('offline'))).toBe(false)
    expect(isOwnReason(failed('server_disk_full'))).toBe(false)
  })

  it.each(['en', 'zh-CN'])(
    'has words for a full disk and for what may happen to a photo, in %s',
    (locale) => {
      const file = readFileSync(`src/locales/${locale}/receipt.json`, 'utf8')
      const words = (JSON.parse(file) as { try: Record<string, string> }).try
      const photos = ['photo_no_room', 'photo_incomplete', 'photo_wrong_hash']
      for (const code of ['timeout', 'server_disk_full', ...photos])
        expect(words[code]).toBeTruthy()
    },
  )
})
