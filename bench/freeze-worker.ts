// A worker that starts what is due and stops as soon as it is frozen. Prints how long that took and how long the event loop was
// blocked at most, in milliseconds.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { deliver } from '../integrations/mailshot/deliver.ts'
import { openMailshot } from '../integrations/mailshot/mailshot.ts'
import { openLog } from '../integrations/mailshot/log.ts'
import config from './site/mailshot.config.ts'

const mailshot = await openMailshot(config, { log: openLog('warn') })
const stop = new AbortController()
const delays = monitorEventLoopDelay({ resolution: 1 })
// The first reading counts from the beginning of the process.
delays.enable()
await new Promise((resolve) => setTimeout(resolve, 50))
delays.reset()
await deliver(mailshot, {
  signal: stop.signal,
  onProgress: (sends) => {
    const [send] = sends
    if (send?.status !== 'running' || stop.signal.aborted) return
    delays.disable()
    stop.abort()
    const seconds = ((send.frozenAt ?? 0) - (send.startedAt ?? 0)) / 1000
    const blocked = { longest: delays.max / 1e6, p99: delays.percentile(99) / 1e6 }
    console.log(JSON.stringify({ recipients: send.total, seconds, blocked }))
  },
})
await mailshot.close()
