/**
 * The real server with a small city and some field workers, for runs that kill it:
 * `node fault-server.ts FOLDER`. Prints `listening on PORT` once it answers.
 */
import { startServer } from '../../supabase/local/server.ts'
import { addPerson } from '../../supabase/local/people.ts'
import { loadSmallCity, settingsIn } from '../../supabase/local/testing.ts'
import { people, passwordOfAll } from './people.ts'

const folder = process.argv[2]
if (!folder) throw new Error('A folder is needed.')
const server = await startServer(settingsIn(folder), {
  async loadCity(db) {
    await loadSmallCity(db)
    for (const { email, role } of people) {
      const person = { email, displayName: email.split('@')[0] ?? email, password: passwordOfAll }
      await addPerson(db, person, { role, areaCode: 'CITY' })
    }
  },
  onStep: (step, detail) => console.log(step, detail ?? ''),
})
console.log(`listening on ${server.port}`)
process.on('SIGTERM', () => {
  void server.close().then(() => process.exit(0))
})
