/** Oids of Postgres types. */
const oid = {
  bigint: 20,
  json: 114,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  timetz: 1266,
  numeric: 1700,
  jsonb: 3802,
}

const asText = (text: string) => text

function bigintFromText(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

function numericFromText(text: string): number | string {
  const value = Number(text)
  return Number.isFinite(value) && String(value) === text ? value : text
}

/** Exact numbers as numbers, times as text, json parsed. */
export const valueParsers: Record<number, (text: string) => unknown> = {
  [oid.bigint]: bigintFromText,
  [oid.json]: (text) => JSON.parse(text),
  [oid.jsonb]: (text) => JSON.parse(text),
  [oid.numeric]: numericFromText,
  [oid.date]: asText,
  [oid.time]: asText,
  [oid.timestamp]: asText,
  [oid.timestamptz]: asText,
  [oid.timetz]: asText,
}
