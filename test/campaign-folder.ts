import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Campaign, type Problem, readCampaign } from '../integrations/mailshot/campaign.ts'
import { checkCampaigns } from '../integrations/mailshot/check.ts'
import { compileCampaign, type CompiledCampaign } from '../integrations/mailshot/compile.ts'
import type { MailshotConfig, MailshotConfigInput } from '../integrations/mailshot/config.ts'
import { testConfig } from './open-test-mailshot.ts'

/** A folder of campaigns with these files, and a config that reads it; removed after the test. */
export function campaignFolder(
  files: Record<string, string | Uint8Array>,
  overrides: Partial<MailshotConfigInput> = {},
): MailshotConfig {
  const campaigns = mkdtempSync(join(tmpdir(), 'mailshot-campaigns-'))
  onTestFinished(() => rmSync(campaigns, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(campaigns, name)), { recursive: true })
    writeFileSync(join(campaigns, name), content)
  }
  return testConfig({ campaigns, ...overrides }, campaigns)
}

/** A campaign file: front matter with a subject and a list, further lines of it, and a body. */
export function markdown(body: string, ...head: string[]): string {
  const given = (key: string) => head.find((line) => line.startsWith(`${key}:`))
  const [subject, lists] = [given('subject'), given('lists')]
  const others = head.filter((line) => line !== subject && line !== lists)
  const lines = [subject ?? 'subject: Bonjour', lists ?? 'lists: [weekly]', ...others]
  return `---\n${lines.join('\n')}\n---\n${body}\n`
}

/** A whole mail in MJML, with what stands in its body and a footer. Its front matter has four lines. */
export function mjml(body: string, head = ''): string {
  return markdown(`<mjml>${head}<mj-body>\n${body}\n{{ footer }}\n</mj-body></mjml>`)
}

/** The only campaign of a folder, read. */
export async function readOnly(
  files: Record<string, string | Uint8Array>,
  overrides: Partial<MailshotConfigInput> = {},
): Promise<{ config: MailshotConfig; campaign: Campaign }> {
  const config = campaignFolder(files, overrides)
  const slug = (Object.keys(files)[0] ?? '').replace(/(?:\/.*|\.\w+)$/, '')
  return { config, campaign: await readCampaign(config, slug) }
}

/** The only campaign of a folder, compiled without an error. */
export async function compileOnly(
  files: Record<string, string | Uint8Array>,
  overrides: Partial<MailshotConfigInput> = {},
): Promise<{ config: MailshotConfig; compiled: CompiledCampaign }> {
  const { config, campaign } = await readOnly(files, overrides)
  const { compiled, problems } = await compileCampaign(config, campaign)
  if (problems.length > 0) throw new Error(told(config, problems).join('\n'))
  return { config, compiled }
}

/** What `check` says of all campaigns of a folder, as `file:line: what`. */
export async function problemsOf(
  files: Record<string, string | Uint8Array>,
  overrides: Partial<MailshotConfigInput> = {},
): Promise<string[]> {
  const config = campaignFolder(files, overrides)
  const checked = await checkCampaigns(config)
  return told(
    config,
    checked.flatMap(({ problems }) => problems),
  )
}

function told(config: MailshotConfig, problems: Problem[]): string[] {
  return problems.map(({ file, line, severity, what }) => {
    const name = file.replace(`${config.campaigns}/`, '')
    return `${name}:${line}: ${severity === 'warning' ? 'warning: ' : ''}${what}`
  })
}
