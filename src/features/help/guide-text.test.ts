import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { blocksOf, inlineOf, type Block } from './guide-text.ts'

const folder = 'public/guide'
const files = ['README.md', 'README.zh-CN.md']
const guide = (file: string): Block[] => blocksOf(readFileSync(`${folder}/${file}`, 'utf8'))

describe('blocksOf', () => {
  it('tells headings, paragraphs, lists and pictures apart', () => {
    expect(blocksOf('# A\nb\nc\n\n## D\n\n- e\n- **f**\n\n![g](h.png)\n![i](j.png)\n')).toEqual([
      { kind: 'heading', level: 1, text: 'A' },
      { kind: 'paragraph', line: [{ kind: 'text', text: 'b c' }] },
      { kind: 'heading', level: 2, text: 'D' },
      {
        kind: 'list',
        items: [[{ kind: 'text', text: 'e' }], [{ kind: 'strong', text: 'f' }]],
      },
      {
        kind: 'pictures',
        pictures: [
          { file: 'h.png', alt: 'g' },
          { file: 'j.png', alt: 'i' },
        ],
      },
    ])
  })

  it('reads marks within a line, and leaves HTML the text it is', () => {
    expect(inlineOf('a **b** `c` [d](/e) *f* <b>')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'strong', text: 'b' },
      { kind: 'text', text: ' ' },
      { kind: 'code', text: 'c' },
      { kind: 'text', text: ' ' },
      { kind: 'link', text: 'd', to: '/e' },
      { kind: 'text', text: ' ' },
      { kind: 'emphasis', text: 'f' },
      { kind: 'text', text: ' <b>' },
    ])
  })
})

describe('the guide', () => {
  it('has the same blocks in both languages, so that none lacks a part', () => {
    const [english, chinese] = files.map((file) =>
      guide(file).map((block) =>
        block.kind === 'list'
          ? `list of ${block.items.length}`
          : block.kind === 'heading'
            ? `heading ${block.level}`
            : block.kind,
      ),
    )
    expect(chinese).toEqual(english)
  })

  it('shows only pictures that are there', () => {
    const there = new Set(readdirSync(folder))
    for (const file of files)
      for (const block of guide(file))
        if (block.kind === 'pictures')
          for (const picture of block.pictures) expect(there, file).toContain(picture.file)
  })

  it('leaves no mark unread', () => {
    for (const file of files) {
      const shown = JSON.stringify(guide(file))
      expect(shown, file).not.toMatch(/\*\*|\]\(|`|"- |### /)
    }
  })
})
