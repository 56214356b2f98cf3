import { parentPort, workerData } from 'node:worker_threads'
import { composeContent } from '../transports/content.ts'
import type { ComposeStart } from './compose-aside.ts'

parentPort?.postMessage(await composeContent(...(workerData as ComposeStart)))
