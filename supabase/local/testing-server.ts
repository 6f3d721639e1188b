import { startServer } from './server.ts'
import { loadSmallCity, settingsIn } from './testing.ts'

// A server for tests that kill it: `node testing-server.ts FOLDER`.
const folder = process.argv[2]
if (!folder) throw new Error('A folder is needed.')
const server = await startServer(settingsIn(folder), {
  loadCity: loadSmallCity,
  onStep: (step, detail) => console.log(step, detail ?? ''),
})
console.log(`listening on ${server.port}`)
// what a stack overflow in the database looks like from outside: the canary fails
process.on('SIGUSR2', () => {
  void server.database().exec('drop table wangge_server.canary').then(() => server.checkHealth())
})
process.on('SIGTERM', () => {
  void server.close().then(() => process.exit(0))
})
