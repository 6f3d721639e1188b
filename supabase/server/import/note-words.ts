/** A note of the importer in both languages of the page. */
export interface NoteWords {
  en: string
  zh: string
}

/** Notes as the importer writes them, and their Chinese. `$1` is a part of the note. */
const patterns: readonly (readonly [note: RegExp, zh: string])[] = [
  [/^the text is GBK \(gb18030\)$/, '文字编码为 GBK（gb18030）'],
  [/^the text is (utf-16\w+)$/, '文字编码为 $1'],
  [
    /^(\d+) (?:lines|rows) above the header were passed over(?:: (.*))?$/s,
    '已跳过表头上方 $1 行 $2',
  ],
  [/^the columns are parted by semicolons$/, '各列以分号分隔'],
  [/^the columns are parted by tabs$/, '各列以制表符分隔'],
  [/^the columns are parted by bars$/, '各列以竖线分隔'],
  [/^the sheet (.*) was read, of (.*)$/s, '已读取工作表 $1（共有：$2）'],
  [/^coordinates (?:are|were) read as (.*)$/, '坐标按 $1 读取'],
  [/^coordinates have decimal commas.*$/, '坐标以逗号作小数点'],
  [/^(.*) holds days of a spreadsheet.*, such as (.*)$/s, '“$1”列是电子表格的日期序号，如 $2'],
  [/^(.*) holds (milli)?seconds since 1970, such as (.*)$/s, '“$1”列是 1970 年以来的时间戳，如 $3'],
  [
    /^places come from the fields (.*) and (.*), not from the points$/s,
    '位置取自 $1、$2 两列，不取自点',
  ],
  [/^(\d+) rows have coordinates with at most two decimals.*$/, '$1 行坐标最多两位小数，约一公里'],
  [/^(\d+) rows lie on one point, (.*): is it.*$/, '$1 行在同一点 $2，是否为无坐标的默认点？'],
  [/^(\d+) further points like it$/, '另有 $1 个类似的点'],
  [/^totals were passed over on line (.*)$/, '已跳过合计行：第 $1 行'],
  [/^(\d+) rows were passed over, as the mapping says$/, '按对应方案跳过 $1 行'],
  [/^(\d+) values fell to the mapping's "otherwise": (.*)$/s, '$1 个值按“其余”处理：$2'],
  [/^the file holds a header and no rows$/, '文件只有表头，没有内容'],
  [/^parents are the areas above that hold most of each$/, '上级区域按重叠最大者选定'],
  [/^(\d+) areas have heights: they were left out$/, '$1 个区域带有高程，已略去'],
  [/^(\d+) incidents now lie in another area$/, '$1 件事项现属另一区域'],
  [/^the \.dbf was read as (.*): the file does not say$/, '.dbf 未注明编码，按 $1 读取'],
  [/^all long ids end in zeros after 15 digits.*$/, '长编号 15 位以后全为零，可能被表格软件截断'],
  [
    /none of the places lies in the city; with (.*) and (.*) exchanged (\d+) % do.*$/s,
    '没有位置在本市；$1 与 $2 互换后有 $3% 在本市，已按互换显示，请核对',
  ],
  [
    /the coordinates are no degrees in the city; as (.*) (\d+) % lie in it.*$/s,
    '坐标不是本市的经纬度；按 $1 读取有 $2% 在本市，已按此显示，请核对',
  ],
  [
    /the dates of (.*) \(.*\) do not begin with the year.*"dateOrder": "(mdy|dmy)": put.*$/s,
    '“$1”列的日期不以年份开头，已按 $2 顺序读取（d 日 m 月 y 年），请核对',
  ],
  [
    /the dates of (.*) \(.*\) do not begin with the year, and the file does not say.*$/s,
    '“$1”列的日期不以年份开头，文件中看不出日、月先后',
  ],
  [/no whole PMTiles archive.*$/s, '不是完整的 PMTiles 文件'],
  [/holds pictures or other tiles.*$/s, '该文件是图片等其他瓦片，需要矢量瓦片（MVT）'],
  [/has no layer (.*?): wanted.*$/s, '缺少图层 $1，需要 Protomaps 底图的图层结构'],
  [/ends at zoom (\d+);.*$/s, '最大缩放级别只到 $1，街道至少需要 12'],
  [/covers .*, which the city's box .* does not touch.*$/s, '该底图不覆盖本市'],
  [/^The archive names no source.*$/s, '文件没有来源说明，请填写后再保存'],
  [
    /^stopped on request.*$/s,
    '已按要求停止；此处计入的行已入库，其后的未入库。再次导入同一文件即可补齐。',
  ],
]

/** The note as it is where its Chinese is not known. */
export function noteWords(en: string): NoteWords {
  for (const [note, zh] of patterns) {
    const match = note.exec(en)
    if (match)
      return { en, zh: zh.replaceAll(/\$(\d)/g, (_, n: string) => match[Number(n)] ?? '').trim() }
  }
  return { en, zh: en }
}
