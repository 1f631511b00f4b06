import { expect, test } from 'vitest'
import type { Template } from '../../integrations/mailshot/compile.ts'
import { compileOnly, markdown } from '../campaign-folder.ts'
import { composeFor } from '../compose-for.ts'

test('a campaign’s octets are there once for each language, however many mails wait to leave', async () => {
  const { config, compiled } = await compileOnly({ 'a.md': markdown('x') })
  const [fr] = Object.values(compiled.variants)
  if (!fr) throw new Error('no variant')
  const html: Template = ['é'.repeat(50_000), { output: 'email', escape: 'html' }, '</p>']
  const variants = { fr: { ...fr, html }, en: { ...fr, lang: 'en', html } }
  const octetsOf = (name: string, lang: string) =>
    composeFor({ config, compiled: { ...compiled, variants } }, { name, lang }).octets?.()
  const first = [octetsOf('Camille', 'fr'), octetsOf('Sam', 'en')]
  const before = process.memoryUsage().arrayBuffers
  const waiting = Array.from({ length: 50 }, (_, index) => [
    octetsOf(`Noa ${index}`, 'fr'),
    octetsOf(`Kim ${index}`, 'en'),
  ]).flat()
  const more = process.memoryUsage().arrayBuffers - before
  const lengths = [...first, ...waiting].map((octets) => octets?.length ?? 0)
  expect(Math.min(...lengths)).toBeGreaterThan(300_000)
  expect(more).toBeLessThan(300_000)
})
