/**
 * The real server with a small city and some field workers, for runs that kill it:
 * `node fault-server.ts FOLDER [DISK]`. Prints `listening on PORT` once it answers. DISK keeps what is
 * synced of the data folder, see `synced-disk.ts`; then snapshots are only taken when asked for, as the
 * test of power cuts must know what is in none.
 */
import { join } from 'node:path'
import { startServer } from '../../supabase/server/start/server.ts'
import { settingsIn } from '../../supabase/server/testing/kit.ts'
import { loadFaultCity } from './fault-city.ts'
import { keepWhatIsSynced } from './synced-disk.ts'

const [folder, disk] = process.argv.slice(2)
if (!folder) throw new Error('A folder is needed.')
if (disk) keepWhatIsSynced(join(folder, 'data'), disk)
const server = await startServer(settingsIn(folder, disk ? {} : { SNAPSHOT_MINUTES: '15' }), {
  loadCity: loadFaultCity,
  onStep: (step, detail) => console.log(step, detail ?? ''),
})
// first, or a stop right after the line would be a kill
process.on('SIGTERM', () => {
  void server.close().then(() => process.exit(0))
})
console.log(`listening on ${server.port}`)
