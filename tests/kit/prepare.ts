/** Builds the app and makes the demo folder, for which several jobs would otherwise ask at once. */
import { rmSync } from 'node:fs'
import { buildApp } from '../../supabase/server/start/build-app.ts'
import { newDemoDir } from './app-server.ts'

await buildApp('dist', () => undefined)
rmSync(await newDemoDir(), { recursive: true })
