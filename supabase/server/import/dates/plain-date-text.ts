const numerals: Readonly<Record<string, number>> = {
  〇: 0,
  零: 0,
  一: 1,
  二: 2,
  三: 3,
  四: 4,
  五: 5,
  六: 6,
  七: 7,
  八: 8,
  九: 9,
}

/** 二〇二六 digit by digit, 二十三 by tens. */
function chineseNumber(text: string): string {
  const ten = text.indexOf('十')
  if (ten === -1) return [...text].map((sign) => numerals[sign] ?? '').join('')
  const tens = ten === 0 ? 1 : (numerals[text[ten - 1]!] ?? 0)
  const ones = text[ten + 1] === undefined ? 0 : (numerals[text[ten + 1]!] ?? 0)
  return String(tens * 10 + ones)
}

const plainAlready = /^\d[\d\-/:.tTzZ +]*$/
const morning = /凌晨|清晨|早晨|早上|上午/
const afternoon = /下午|傍晚|午后/

/**
 * Writes the Chinese parts of a date as others write them: `2026年3月5日 星期四 下午2点05分` becomes
 * `2026年3月5日 pm 2:05`. Also full-width signs, numerals and small letters.
 */
export function plainDateText(text: string): string {
  // most files need nothing of all this
  if (plainAlready.test(text)) return text.toLowerCase()
  return (
    text
      .normalize('NFKC')
      .trim()
      .toLowerCase()
      .replaceAll(/[〇零一二三四五六七八九十]+(?=[年月日时點点分秒])/g, chineseNumber)
      .replaceAll(/[(（]?(?:星期|礼拜|周)[一二三四五六日天][)）]?/g, ' ')
      .replaceAll(/^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*,?\s+/g, '')
      .replace(/北京时间/, ' asia/shanghai ')
      .replace(morning, ' am ')
      .replace(afternoon, ' pm ')
      .replace(/中午/, ' pm ')
      // in the evening 12 is midnight: only other hours are clear
      .replace(/(?:晚上|夜间|晚间)(?!\s*12)/, ' pm ')
      .replace(/pm\s+(1[3-9]|2[0-3])(?=[:时點点])/, '$1')
      .replace(/\b([ap])\.m\.?/, '$1m')
      .replace(/(\d{1,2})[时點点]半/, '$1:30')
      .replace(
        /(\d{1,2})[时點点](\d{1,2})分?/,
        (_, h: string, m: string) => `${h}:${m.padStart(2, '0')}`,
      )
      .replace(/(\d{1,2})[时點点](?!\d)整?/, '$1:00')
      .replace(
        /(:\d{2})(?:分)?(\d{1,2})秒/,
        (_, m: string, s: string) => `${m}:${s.padStart(2, '0')}`,
      )
      .replace(/(:\d{2}(?::\d{2})?)[分秒]/, '$1')
      .replaceAll(/\s+/g, ' ')
      .replace(/日(?=\S)/, '日 ')
      .trim()
  )
}
