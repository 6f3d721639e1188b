import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { projectRoot } from '../base/settings.ts'

// Import heavy code below: its compiled form is kept.
enableCompileCache(join(projectRoot, 'node_modules/.cache/wangge/code'))
const { runBackend } = await import('./run-backend.ts')
if (!parentPort) throw new Error('The backend runs as a worker thread.')
await runBackend(parentPort, workerData)
