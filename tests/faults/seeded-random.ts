export { seededRandom, type SeededRandom } from '../../supabase/server/base/seeded-random.ts'

/** The seed of this run: `FAULT_SEED`, or a new one; print it, so that a failure can be repeated. */
export function seedOfRun(): number {
  const given = Number(process.env.FAULT_SEED)
  return Number.isSafeInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1
}
