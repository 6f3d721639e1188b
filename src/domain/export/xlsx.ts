import { Zip, ZipDeflate, strToU8 } from 'fflate'

/** `wall`: minutes since 1970-01-01T00:00 by the city's clocks. */
export type SheetCell = string | number | { wall: number } | null

export interface Sheet {
  /** At most 31 letters, without []:*?/\\. */
  name: string
  /** Widths of the columns in digits. */
  widths?: readonly number[]
  /** Printed bold, and stays in sight. */
  header?: readonly string[]
  rows: Iterable<readonly SheetCell[]>
}

/** Of a sheet, header included (ECMA-376). */
export const maxSheetRows = 1_048_576
/** Of a text in a cell. */
const maxCellLength = 32_767
const rowsAtOnce = 2_000
const minutesOfDay = 1_440
/** 1970-01-01 in days of the 1900 calendar. */
const epochDay = 25_569

/**
 * A workbook (ECMA-376, transitional) of texts, numbers and local times. Texts are inline strings:
 * a spreadsheet never takes them for formulas. Rows are compressed as they come.
 */
export function xlsxFile(sheets: readonly Sheet[]): Blob {
  const parts: Uint8Array[] = []
  const zip = new Zip((error, data) => {
    if (error) throw error
    parts.push(data)
  })
  const add = (path: string, texts: Iterable<string>): void => {
    const file = new ZipDeflate(path, { level: 6 })
    zip.add(file)
    for (const text of texts) file.push(strToU8(text))
    file.push(new Uint8Array(), true)
  }
  const each = (line: (index: number, sheet: Sheet) => string): string =>
    sheets.map((sheet, index) => line(index + 1, sheet)).join('')
  add('[Content_Types].xml', [
    `${declaration}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${office}.sheet.main+xml"/><Override PartName="/xl/styles.xml" ContentType="${office}.styles+xml"/>${each(
      (n) =>
        `<Override PartName="/xl/worksheets/sheet${n}.xml" ContentType="${office}.worksheet+xml"/>`,
    )}</Types>`,
  ])
  add('_rels/.rels', [
    `${declaration}<Relationships xmlns="${packageRels}"><Relationship Id="rId1" Type="${documentRels}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
  ])
  add('xl/workbook.xml', [
    `${declaration}<workbook xmlns="${main}" xmlns:r="${documentRels}"><sheets>${each(
      (n, { name }) => `<sheet name="${escaped(name)}" sheetId="${n}" r:id="rId${n}"/>`,
    )}</sheets></workbook>`,
  ])
  add('xl/_rels/workbook.xml.rels', [
    `${declaration}<Relationships xmlns="${packageRels}">${each(
      (n) =>
        `<Relationship Id="rId${n}" Type="${documentRels}/worksheet" Target="worksheets/sheet${n}.xml"/>`,
    )}<Relationship Id="rId0" Type="${documentRels}/styles" Target="styles.xml"/></Relationships>`,
  ])
  add('xl/styles.xml', [styles])
  sheets.forEach((sheet, index) => add(`xl/worksheets/sheet${index + 1}.xml`, sheetTexts(sheet)))
  zip.end()
  return new Blob(parts as BlobPart[], {
    type: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  })
}

const declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
const packageRels = 'http://schemas.openxmlformats.org/package/2006/relationships'
const documentRels = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
const office = 'application/vnd.openxmlformats-officedocument.spreadsheetml'
/** Plain, local time, bold. */
const styles = `${declaration}<styleSheet xmlns="${main}"><numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd\\ hh:mm"/></numFmts><fonts count="2"><font/><font><b/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/><xf numFmtId="164" applyNumberFormat="1"/><xf fontId="1" applyFont="1"/></cellXfs></styleSheet>`

function* sheetTexts({ widths = [], header, rows }: Sheet): Generator<string> {
  const frozen = header
    ? '<sheetViews><sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
    : ''
  const columns = widths
    .map((width, n) => `<col min="${n + 1}" max="${n + 1}" width="${width}" customWidth="1"/>`)
    .join('')
  yield `${declaration}<worksheet xmlns="${main}">${frozen}${columns && `<cols>${columns}</cols>`}<sheetData>`
  let number = 0
  const rowText = (cells: string[]): string => `<row r="${(number += 1)}">${cells.join('')}</row>`
  const cellsOf = (row: readonly SheetCell[], style: string): string[] =>
    row.map((value, n) => cell(value, `${columnName(n)}${number + 1}`, style))
  if (header) yield rowText(cellsOf(header, ' s="2"'))
  let waiting: string[] = []
  for (const row of rows) {
    waiting.push(rowText(cellsOf(row, '')))
    if (waiting.length < rowsAtOnce) continue
    yield waiting.join('')
    waiting = []
  }
  yield `${waiting.join('')}</sheetData></worksheet>`
}

/** 0 is A, 26 is AA. */
const columnName = (n: number): string =>
  (n >= 26 ? columnName(Math.floor(n / 26) - 1) : '') + String.fromCodePoint(65 + (n % 26))

function cell(value: SheetCell, place: string, style: string): string {
  if (value === null || value === '') return ''
  if (typeof value === 'number')
    return Number.isFinite(value) ? `<c r="${place}"><v>${value}</v></c>` : ''
  if (typeof value === 'object')
    return `<c r="${place}" s="1"><v>${value.wall / minutesOfDay + epochDay}</v></c>`
  const text = escaped(value.slice(0, maxCellLength))
  return `<c r="${place}" t="inlineStr"${style}><is><t xml:space="preserve">${text}</t></is></c>`
}

/** XML 1.0 has no other control letters and no lone halves of surrogate pairs. */
const escaped = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
