/** Makes the prepared demo folder, for which several jobs would ask at once. */
import { rmSync } from 'node:fs'
import { newDemoDir } from './app-server.ts'

rmSync(await newDemoDir(), { recursive: true })
