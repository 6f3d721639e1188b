import { ServerError } from '../base/errors.ts'
import { salvage } from './journal-lines.ts'
import type { Salvage } from './journal-lines.ts'
import { placeOf } from './journal-reader.ts'
import type { Journal } from './journal.ts'

const maxNamed = 20

export interface DamageOptions {
  fromSegment: number
  acceptLoss: boolean
  /** The command to go on with. */
  wayOn: string
  say(text: string): void
}

/**
 * Reads the journal before its replay. @throws ServerError naming each damaged place, unless
 * `acceptLoss` repairs the journal
 */
export async function settleDamage(
  journal: Journal,
  { fromSegment, acceptLoss, wayOn, say }: DamageOptions,
): Promise<void> {
  const { torn } = journal
  if (torn) {
    say(
      `The last line of the journal was not finished and is left out, as after a power cut: ${describe(torn)}. ` +
        'It had no receipt.',
    )
  }
  if (acceptLoss) {
    for (const loss of await journal.acceptLoss(fromSegment)) say(`Lost: ${describe(loss)}`)
    return
  }
  const damage = await journal.damage(fromSegment)
  if (damage.length === 0) return
  const named = damage
    .slice(0, maxNamed)
    .map(
      (one) => `  ${describe({ place: placeOf(one), reason: one.reason, ...salvage(one.bytes) })}`,
    )
  if (damage.length > maxNamed) named.push(`  and ${damage.length - maxNamed} more places`)
  throw new ServerError(
    `The journal is damaged, so nothing was repeated and nothing changed:\n${named.join('\n')}\n` +
      'If you have a copy of the file, put it back and start again. To go on without these lines: ' +
      `${wayOn}. It says again what is lost and keeps the lines in journal/damaged.ndjson.`,
  )
}

function describe(loss: Salvage & { place: string; reason: string }): string {
  const { place, reason, received, user, commands } = loss
  const readable = [
    received && `received ${received}`,
    user && `from person ${user}`,
    commands.length > 0 && `commands ${commands.join(', ')}`,
  ].filter(Boolean)
  return `${place}: ${reason}${readable.length > 0 ? ` (${readable.join('; ')})` : ''}`
}
