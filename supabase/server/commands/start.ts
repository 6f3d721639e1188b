import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { projectRoot } from '../base/settings.ts'

// Caches compiled code. Import everything heavy after this line.
enableCompileCache(join(projectRoot, 'node_modules/.cache/wangge/code'))
const { start } = await import('../start/start.ts')
await start(process.env, process.argv.slice(2))
