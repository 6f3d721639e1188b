import { startServer } from '../start/server.ts'
import { loadSmallCity, settingsIn } from './kit.ts'

// A server for tests that kill it: `node testing-server.ts FOLDER`.
const folder = process.argv[2]
if (!folder) throw new Error('A folder is needed.')
const server = await startServer(settingsIn(folder), {
  loadCity: loadSmallCity,
  onStep: (step, detail) => console.log(step, detail ?? ''),
})
console.log(`listening on ${server.port}`)
// Simulates a stack overflow in the database: acknowledged rows are lost and the canary fails.
process.on('SIGUSR2', () => {
  void server
    .database()
    .exec(
      `set session_replication_role = replica; -- the log refuses to be emptied
       truncate public.commands, public.incidents cascade;
       set session_replication_role = origin;
       drop table wangge_server.canary`,
    )
    .then(() => console.log('lost'))
})
process.on('SIGTERM', () => {
  void server.close().then(() => process.exit(0))
})
