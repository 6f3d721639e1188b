import { createInterface } from 'node:readline/promises'
import type { Database } from '../base/database-types.ts'
import { ServerError } from '../base/errors.ts'
import { createEmptyCity, checkEmptyCity, parseBbox } from './empty-city.ts'
import type { EmptyCity } from './empty-city.ts'
import { generatePassword } from '../owner/passwords.ts'

interface Question {
  variable: string
  text: string
  fallback?: string
}

const questions = {
  name: { variable: 'WANGGE_CITY_NAME', text: 'Name of the city' },
  locale: { variable: 'WANGGE_CITY_LOCALE', text: 'Language, zh-CN or en', fallback: 'zh-CN' },
  timeZone: { variable: 'WANGGE_CITY_TIME_ZONE', text: 'Time zone', fallback: 'Asia/Shanghai' },
  bbox: { variable: 'WANGGE_CITY_BBOX', text: 'Box in degrees: west,south,east,north' },
  code: { variable: 'WANGGE_CITY_CODE', text: "The city's own code", fallback: 'CITY' },
  adminEmail: { variable: 'WANGGE_ADMIN_EMAIL', text: 'E-mail address of the first admin' },
} satisfies Record<string, Question>

type Answers = Record<keyof typeof questions, string>

async function answersFrom(env: Record<string, string | undefined>): Promise<Answers> {
  const answers: Partial<Answers> = {}
  const entries = Object.entries(questions) as [keyof typeof questions, Question][]
  const open = entries.filter(([, { variable }]) => !env[variable])
  for (const [key, { variable }] of entries) if (env[variable]) answers[key] = env[variable]
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY
  const missing = open.filter(([, { fallback }]) => fallback === undefined)
  if (!isTerminal && missing.length > 0) {
    const names = missing.map(([, { variable }]) => variable).join(', ')
    throw new ServerError(`A new city needs answers. Start on a terminal, or set ${names}.`)
  }
  const terminal =
    isTerminal && open.length > 0
      ? createInterface({ input: process.stdin, output: process.stdout })
      : null
  try {
    for (const [key, { text, fallback }] of open) {
      let answer = ''
      while (terminal && answer === '') {
        answer =
          (await terminal.question(`${text}${fallback ? ` [${fallback}]` : ''}: `)).trim() ||
          (fallback ?? '')
      }
      answers[key] = answer || fallback || ''
    }
  } finally {
    terminal?.close()
  }
  return answers as Answers
}

/**
 * Reads the `WANGGE_CITY_…` and `WANGGE_ADMIN_…` variables and asks on a terminal for missing
 * answers. Prints a generated password once.
 * @throws ServerError when an answer is missing or unusable; nothing is kept.
 */
export async function setUpEmptyCity(
  db: Database,
  env: Record<string, string | undefined> = process.env,
  say: (text: string) => void = console.log,
): Promise<void> {
  const answers = await answersFrom(env)
  const adminPassword = env.WANGGE_ADMIN_PASSWORD || generatePassword()
  const city: EmptyCity = { ...answers, bbox: parseBbox(answers.bbox), adminPassword }
  checkEmptyCity(city)
  await createEmptyCity(db, city)
  say(`${city.name} is ready for its areas: npm run import -- areas FILE.geojson --level city …`)
  if (!env.WANGGE_ADMIN_PASSWORD)
    say(`Admin ${city.adminEmail}, password (shown only now): ${adminPassword}`)
}
