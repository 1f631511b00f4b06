import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { measure } from './measure.ts'
import type { Run } from './rounds.ts'
import { benchConfig, environment, folder, type PreparedSend } from './send.ts'
import type { Server } from './server.ts'
import { messageFor } from './verify.ts'

const nodemailerPool = fileURLToPath(new URL('nodemailer-pool.ts', import.meta.url))

/** Sends one of the mails again and again with Postfix's generator: eight sessions that stay open, nothing composed. */
export async function smtpSource(sink: Server, send: PreparedSend, mails: number): Promise<Run> {
  const file = join(folder, 'mail.eml')
  const message = messageFor(1, await benchConfig(), send.compiled)
  // It ends the lines by itself.
  writeFileSync(file, message.mime().replaceAll('\r\n', '\n'), 'latin1')
  const { from, to } = message.envelope
  const options = ['-s', '8', '-d', '-m', String(mails), '-F', file, '-f', from, '-t', to]
  const sinkCpu = sink.cpuSeconds()
  const { seconds, cpuSeconds, peakMegabytes } = await measure('smtp-source', [
    ...options,
    `127.0.0.1:${sink.port}`,
  ])
  return { mails, seconds, cpuSeconds, peakMegabytes, sinkCpuSeconds: sink.cpuSeconds() - sinkCpu }
}

/** Composes and sends the same mails with a bare nodemailer pool. */
export async function barePool(sink: Server, mails: number): Promise<Run> {
  const args = [nodemailerPool, String(sink.port), String(mails)]
  const sinkCpu = sink.cpuSeconds()
  const measured = await measure(process.execPath, args, environment)
  const seconds = Number(measured.out)
  return {
    mails,
    seconds,
    startSeconds: measured.seconds - seconds,
    cpuSeconds: measured.cpuSeconds,
    peakMegabytes: measured.peakMegabytes,
    sinkCpuSeconds: sink.cpuSeconds() - sinkCpu,
  }
}
