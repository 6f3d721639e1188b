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
  [
    /^the column (.*) holds numbers that a spreadsheet cut, such as (.*)$/s,
    '“$1”列的编号被表格软件截断（如 $2），请将该列设为文本后重新导出',
  ],
  [/^none of the first rows has a place$/, '前面的行都没有位置'],
  [
    /a Shapefile is several files; put.*$/s,
    'Shapefile 由多个文件组成，请把 .shp、.shx、.dbf、.prj、.cpg 压缩成一个 .zip 再上传',
  ],
  [/a database without map layers, no GeoPackage$/, '该数据库没有地图图层，不是 GeoPackage'],
  [/not (\S+) text; give the file's real encoding.*$/s, '文字不是 $1 编码，请选择文件的实际编码'],
  [
    /^the areas do not lie in the city; with longitude and latitude exchanged (\d+) % do.*$/s,
    '区域不在本市；经纬度互换后有 $1% 在本市，请改正文件后重新上传',
  ],
  [
    /^the areas are no degrees in the city; as (.*) (\d+) % lie in it.*$/s,
    '坐标不是本市的经纬度；按 $1 读取有 $2% 在本市，已按此显示，请核对',
  ],
  [/^(\d+) % of the areas lie in the city's box$/, '仅 $1% 的区域在本市范围框内，请核对坐标系'],
  [
    /^no area of the city has a code of (.*) \((.*)\): the areas above.*$/s,
    '“$1”列的值（如 $2）不是本市已有区域的编码：请先导入上级区域，或按重叠面积选定上级',
  ],
  [
    /the file is in "(.*)", which lies up to 100 m beside CGCS2000.*$/s,
    '文件采用“$1”坐标系，与 CGCS2000 相差可达百米，请先用本地参数转换',
  ],
  [
    /the file's degrees are "(.*)", not WGS 84 or CGCS2000.*$/s,
    '文件的经纬度采用“$1”，不是 WGS 84 或 CGCS2000，请先转换或指定坐标系',
  ],
  [/the coordinate system "(.*)" is unknown; known are.*$/s, '不认识坐标系“$1”，请指定坐标系'],
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
  [
    /^(.*) \(lines (\d+) to (\d+) were under way and may be stored or not.*$/s,
    '导入中断（$1）：第 $2 至 $3 行当时正在写入，可能已入库，其后的未入库。再次导入即可补齐，已入库的不会重复。',
  ],
  [
    /^(.*) \(what is not counted here is not stored\).*$/s,
    '导入中断（$1）：未计入的行没有入库。再次导入即可补齐，已入库的不会重复。',
  ],
  [
    /^(.*) The areas may be stored, all of them or none.*$/s,
    '导入中断（$1）：区域要么全部入库，要么全部未入库。请再次导入。',
  ],
]

/** Details of a fault or doubt, likewise. */
const details: typeof patterns = [
  [/^about (.*), (\d+) % of the smaller, lie in (\S+) too$/, '约 $1（较小者的 $2%）与 $3 重叠'],
  [/^the same ground as (\S+)$/, '与 $1 完全重合'],
  [
    /^about (\d+) % of it lies in (\S+), (\d+) % in (\S+); longitude and latitude look exchanged$/,
    '约 $1% 在 $2 内，$3% 在 $4 内；经纬度疑似互换',
  ],
  [/^about (\d+) % of it lies in (\S+), (\d+) % in (\S+)$/, '约 $1% 在 $2 内，$3% 在 $4 内'],
  [
    /^about (\d+) % of it lies in (\S+); longitude and latitude look exchanged$/,
    '约 $1% 在 $2 内；经纬度疑似互换',
  ],
  [/^about (\d+) % of it lies in (\S+)$/, '约 $1% 在 $2 内'],
  [/^about (\d+) % of it lie outside (\S+), (\d+) % in (\S+)$/, '约 $1% 在 $2 之外，$3% 在 $4 内'],
  [/^about (\d+) % of it lie outside (\S+)$/, '约 $1% 在 $2 之外'],
  [/^the file says (\S+), most lies in (\S+)$/, '文件填 $1，大部分在 $2 内'],
  [/^no area above holds any of it$/, '没有上级区域与之重叠'],
  [
    /^the city was set up for (.*) to (.*); longitude and latitude look exchanged$/,
    '城市范围为 $1 至 $2；经纬度疑似互换',
  ],
  [/^the city was set up for (.*) to (.*?)$/, '城市范围为 $1 至 $2'],
  [/^(.*): its parts touch or overlap$/, '各部分相接或重叠'],
  [/^first on line (\d+)$/, '首见于第 $1 行'],
  [/^first in feature (\d+)$/, '首见于第 $1 个区域'],
  [/^(\d+) characters, at most (\d+)$/, '$1 个字符，最多 $2 个'],
  [/^a NUL or half a character$/, '空字符或半个字符'],
  [/^(\w+) (.*) has this code$/, '$2 已用此编码'],
  [/^empty$/, '空'],
]

function worded(en: string, known: typeof patterns): NoteWords {
  for (const [note, zh] of known) {
    const match = note.exec(en)
    if (match)
      return { en, zh: zh.replaceAll(/\$(\d)/g, (_, n: string) => match[Number(n)] ?? '').trim() }
  }
  return { en, zh: en }
}

/** The note as it is where its Chinese is not known. */
export const noteWords = (en: string): NoteWords => worded(en, patterns)

/** Without the command's options, which the page offers by other words. */
export const detailWords = (en: string): NoteWords =>
  worded(en.replace(/; --[a-z-]+ .*$/, ''), details)
