import { expect, it } from 'vitest'
import type { Component } from 'vue'
import { preloadPage } from './preload-page.ts'

const loads = (meta: object, storage: () => object) => {
  const loaded: string[] = []
  const load = (name: string) => () => {
    loaded.push(name)
    return Promise.reject(new Error('no network'))
  }
  const page = load('page') as unknown as Component
  preloadPage([{ components: { default: page }, meta: { title: '', ...meta } }], {
    loadShell: load('shell'),
    startStores: load('stores'),
    loadWords: load('words'),
    storage,
  })
  return loaded
}
const kept = { 'wangge.locale': 'en', 'wangge-auth-1': '{}' }

it('loads shell, page and words of somebody who has a session', () => {
  expect(loads({}, () => kept)).toEqual(['shell', 'stores', 'page', 'words'])
})

it.each([
  ['without a session', {}, () => ({ 'wangge.locale': 'en' })],
  ['of a page for everybody', { isPublic: true }, () => kept],
  [
    'without a storage',
    {},
    () => {
      throw new Error('forbidden')
    },
  ],
])('loads nothing %s', (_, meta, storage) => {
  expect(loads(meta, storage)).toEqual([])
})
