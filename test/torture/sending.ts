import { rmSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { readSend, type Send } from '../../integrations/mailshot/send.ts'
import { startSmtpServer, type TestSmtpServer } from '../smtp-server.ts'
import { expectEachSettledOnce } from '../settled-once.ts'
import { startFixture } from '../start-fixture.ts'
import { startWorker, type StartOptions, type Worker } from './process.ts'
import { openSite, type Site } from './site.ts'

/** A send on a real database, a real SMTP server, and workers as processes: what the machine's faults befall. */
export interface Sending {
  site: Site
  smtp: TestSmtpServer
  /** Starts a worker that ends when nothing is left to mail. */
  work: (name: string, options?: Pick<StartOptions, 'uid'>) => Worker
  read: () => Promise<Send>
  /** The send is done, everybody got one mail or is uncertain; answers how many are. */
  expectDone: () => Promise<number>
}

export async function openSending(
  recipients: number,
  options: { folder?: string; delayMs?: number } = {},
): Promise<Sending> {
  const site = await openSite({ recipients, folder: options.folder })
  const smtp = await startSmtpServer({ delayMs: options.delayMs ?? 2 })
  const workers: Worker[] = []
  onTestFinished(async () => {
    for (const { child } of workers) child.kill('SIGKILL')
    await Promise.all(workers.map(({ ended }) => ended))
    await site.close()
    await smtp.close()
    rmSync(options.folder === undefined ? site.folder : site.logs, { recursive: true })
  })
  const { send } = await startFixture(site.mailshot, 'hello')
  return {
    site,
    smtp,
    work: (name, more = {}) => {
      const worker = startWorker(site, {
        name,
        smtpPort: smtp.port,
        args: ['--until-done'],
        ...more,
      })
      workers.push(worker)
      return worker
    },
    read: () => readSend(site.mailshot, send.id),
    expectDone: () =>
      expectEachSettledOnce(site.mailshot, smtp, { sendId: send.id, total: recipients }),
  }
}
