import { parentPort, workerData } from 'node:worker_threads'
import { compileFigures, type Wanted } from '../../../src/domain/publish/compile.ts'

parentPort?.postMessage(compileFigures(workerData as Wanted))
