/**
 * The guide's Markdown: headings, paragraphs, lists, pictures, `**strong**`, `*emphasis*`, ``
 * `code` `` and `[links](address)`.
 */
export type Inline =
  | { kind: 'text' | 'strong' | 'emphasis' | 'code'; text: string }
  | { kind: 'link'; text: string; to: string }

export type Block =
  | { kind: 'heading'; level: 1 | 2; text: string }
  | { kind: 'paragraph'; line: Inline[] }
  | { kind: 'list'; items: Inline[][] }
  | { kind: 'pictures'; pictures: { file: string; alt: string }[] }

const picture = /^!\[([^\]]*)\]\(([\w.-]+)\)$/
const marks = /\*\*([^*]+)\*\*|\*([^*]+)\*|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)/g

export function inlineOf(line: string): Inline[] {
  const found: Inline[] = []
  let end = 0
  for (const match of line.matchAll(marks)) {
    const [whole, strong, emphasis, code, label, to] = match
    if (match.index > end) found.push({ kind: 'text', text: line.slice(end, match.index) })
    if (strong !== undefined) found.push({ kind: 'strong', text: strong })
    else if (emphasis !== undefined) found.push({ kind: 'emphasis', text: emphasis })
    else if (code !== undefined) found.push({ kind: 'code', text: code })
    else found.push({ kind: 'link', text: label!, to: to! })
    end = match.index + whole.length
  }
  if (end < line.length) found.push({ kind: 'text', text: line.slice(end) })
  return found
}

/** Empty lines separate blocks, except headings. List items are one line. */
export function blocksOf(markdown: string): Block[] {
  const parts = markdown.replaceAll(/^(#.*)$/gm, '$1\n').split(/\n{2,}/)
  return parts.filter((part) => part.trim() !== '').map((part) => blockOf(part.trim()))
}

function blockOf(part: string): Block {
  const lines = part.split('\n')
  const heading = /^(#{1,2}) (.+)$/.exec(part)
  if (heading) return { kind: 'heading', level: heading[1] === '#' ? 1 : 2, text: heading[2]! }
  const pictures = lines.flatMap((line) => {
    const [, alt, file] = picture.exec(line) ?? []
    return file === undefined ? [] : [{ file, alt: alt ?? '' }]
  })
  if (pictures.length === lines.length) return { kind: 'pictures', pictures }
  if (lines.every((line) => line.startsWith('- ')))
    return { kind: 'list', items: lines.map((line) => inlineOf(line.slice(2))) }
  return { kind: 'paragraph', line: inlineOf(lines.join(' ')) }
}
